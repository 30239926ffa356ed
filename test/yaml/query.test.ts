import { expect, test } from 'vitest';
import { plain } from '../../yaml/located.ts';
import { query } from '../../yaml/query.ts';
import { readYaml } from '../../yaml/read.ts';

const DATA = readYaml({
  file: 'data.yaml',
  text: `items: [{ name: a, n: 1, on: true, tags: [x, y] }, { name: b, n: 2 }, { name: c, n: 3, on: true }]
b: [1, 2, 3, 4]
m: { k: 1, j: 2 }
one: [{ name: z }]
e: []
s: "x,y"
`,
});
const ask = (expression: string): unknown => plain(query(DATA, expression, DATA.at));

/** What Atmos gives (August 2026). */
test.each([
  ['[.items[].name]', ['a', 'b', 'c']],
  ['.one[].name', 'z'],
  ['.e[]', null],
  ['[.e[]]', []],
  ['.items | map(.name)', ['a', 'b', 'c']],
  ['.items[] | select(.name == "b")', { n: 2, name: 'b' }],
  ['[.items[] | select(.n > 1) | .name]', ['b', 'c']],
  ['.items | map(select(.on == true)) | map(.n)', [1, 3]],
  ['.items | map(select(.on)) | length', 2],
  ['.b | map(. + 1)', [2, 3, 4, 5]],
  ['[.items[] | select(.name != "b") | .n]', [1, 3]],
  ['.m | keys', ['j', 'k']],
  ['.b | join(",")', '1,2,3,4'],
  ['.b | reverse', [4, 3, 2, 1]],
  ['.items | map(has("on"))', [true, false, true]],
  ['.m | has("k")', true],
  ['.s | split(",")', ['x', 'y']],
  ['.items[0].tags | join("-")', 'x-y'],
  ['.m | map_values(. + 1)', { j: 3, k: 2 }],
  ['.b | unique', [1, 2, 3, 4]],
  ['.items | map(.name) | join(" ")', 'a b c'],
  ['.items | sort_by(.n) | reverse | .[0].name', 'c'],
  ['[.items[] | select(.name == "a" or .n == 3) | .n]', [1, 3]],
  ['[.items[] | select(.on and .n == 1) | .name]', ['a']],
  ['.b[] | select(. == 3)', 3],
  ['.s | upcase', 'X,Y'],
  ['.b | min', 1],
  ['.b | max', 4],
  ['.missing[]', null],
  ['.m.k == 1', true],
  ['.b | .[1]', 2],
  ['.items[1].on // "off"', 'off'],
])('%s', (expression, expected) => {
  expect(ask(expression)).toEqual(expected);
});

test.each([
  ['.items[].name', /gives 3 values/],
  ['.b[0:2]', /invalid query/],
  ['.items | group_by(.on)', /invalid query/],
  ['.items | map', /invalid query/],
  ['.s | map(.x)', /invalid query/],
])('what is several values, or is not known, is an error: %s', (expression, message) => {
  expect(() => ask(expression)).toThrow(message);
});
