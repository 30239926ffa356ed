import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObject, type Json } from '../../engine/index.ts';
import { plain } from '../../yaml/located.ts';
import { mergeLocated } from '../../yaml/merge.ts';
import { readYaml } from '../../yaml/read.ts';

const located = (value: Json) => readYaml({ file: 'f.yaml', text: JSON.stringify(value) });
const merged = (...values: Json[]): Json => plain(values.map(located).reduce((base, over) => mergeLocated(base, over) ?? base));
const tree = fc.letrec<{ value: Json; map: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<Json>(null, true, 0, 1, 'x', '', []), tie('map')),
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')) as fc.Arbitrary<Json>,
})).map;

test('merging a value over itself, or nothing over it, changes nothing', () => {
  fc.assert(
    fc.property(tree, (a) => {
      expect(merged(a, a)).toEqual(a);
      expect(merged(a, {})).toEqual(a);
      expect(merged({}, a)).toEqual(a);
    }),
  );
});

test('every leaf of the later value wins', () => {
  const contains = (whole: Json, part: Json): boolean =>
    isObject(part) && isObject(whole)
      ? Object.entries(part).every(([key, value]) => key in whole && contains(whole[key] as Json, value as Json))
      : JSON.stringify(whole) === JSON.stringify(part) || (isObject(part) && Object.keys(part).length === 0);
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      expect(contains(merged(a, b), b)).toBe(true);
    }),
  );
});

test('merging leaves its arguments as they were', () => {
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      const [first, second] = [located(a), located(b)];
      mergeLocated(first, second);
      expect([plain(first), plain(second)]).toEqual([a, b]);
    }),
  );
});
