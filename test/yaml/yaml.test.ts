import { describe, expect, test } from 'vitest';
import type { AtmosError } from '../../engine/index.ts';
import { compact, restore } from '../../yaml/compact.ts';
import { member, type Place, plain, positionOf } from '../../yaml/located.ts';
import { parseYaml } from '../../yaml/parse.ts';
import { readYaml } from '../../yaml/read.ts';
import { memory } from '../config/repository.ts';

const parse = (text: string) => readYaml({ file: 'f.yaml', text });

function errorOf(text: string): AtmosError {
  try {
    parse(text);
  } catch (error) {
    return error as AtmosError;
  }
  throw new Error('it parsed');
}

describe('parseYaml', () => {
  test('reads an empty file as an empty map', () => {
    expect(plain(parse('# nothing\n'))).toEqual({});
  });

  test('takes YAML 1.2 at its word: yes and no are texts', () => {
    expect(plain(parse('a: yes\nb: true\nc: ~\nd: 0x10\ne: "1"'))).toEqual({ a: 'yes', b: true, c: null, d: 16, e: '1' });
  });

  test('resolves anchors and merge keys, the own key before the merged one, an earlier source before a later one', () => {
    const text = 'a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 0 }\nd: *a\ne: { <<: *b }';
    expect(plain(parse(text))).toMatchObject({ c: { x: 0, y: 1, z: 2 }, d: { x: 1, y: 1 }, e: { y: 2, z: 2 } });
  });

  test('reads an anchor once, however often it is used', () => {
    const levels = Array.from({ length: 16 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
    // Read anew at each use, each level would take twice as long as the one before.
    expect(parse(`l0: &l0 [x]\n${levels.join('\n')}`).kind).toBe('map');
  });

  test('refuses an anchor that contains itself and one that is not there', () => {
    expect(errorOf('a: &a [*a]')).toMatchObject({ code: 'invalid-yaml', position: { line: 1, column: 8 } });
    expect(errorOf('a: *b')).toMatchObject({ code: 'invalid-yaml' });
  });

  test('divides keys at the delimiter, unless they are in quotes or a part is empty, and puts together what meets', () => {
    const text = `a.b.c: 1
"a.b": quoted
a.b.d: 2
a: { e: { f.g: 3 } }
.x: 4
y..z: 5
list: [{ p.q: 6 }]
base: &base { m.n: 7, m.o: 7 }
own: { <<: *base, m.n: 8 }
last.a: 1
last: 2
`;
    const read = readYaml({ file: 'f.yaml', text }, '.');
    expect(plain(read)).toEqual({
      a: { b: { c: 1, d: 2 }, e: { f: { g: 3 } } },
      'a.b': 'quoted',
      '.x': 4,
      'y..z': 5,
      list: [{ p: { q: 6 } }],
      base: { m: { n: 7, o: 7 } },
      own: { m: { n: 8 } },
      last: 2,
    });
    const d = member(member(read, 'a'), 'b');
    expect(d?.kind === 'map' && positionOf(d.entries.get('d')?.keyAt as Place)).toMatchObject({ line: 3, column: 5, length: 1 });
    expect(plain(readYaml({ file: 'f.yaml', text: 'a::b: 1\na.c: 2' }, '::'))).toEqual({ a: { b: 1 }, 'a.c': 2 });
    expect(plain(readYaml({ file: 'f.yaml', text: 'a.b: 1' }))).toEqual({ 'a.b': 1 });
  });

  test('refuses a merge key that names no map', () => {
    expect(errorOf('a: { <<: 3 }')).toMatchObject({ message: '"<<" takes a map, or a list of maps' });
  });

  test('refuses what is not UTF-8', async () => {
    await expect(parseYaml('f.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xff))).rejects.toThrow('f.yaml is not UTF-8');
  });

  test('marks an error within its line', () => {
    const { position } = errorOf('one: 1\r\ntwo: 2\r\ntwo: 3\r\n');
    expect(position).toEqual({ file: 'f.yaml', line: 3, column: 1, length: 3, excerpt: { first: 2, lines: ['two: 2', 'two: 3'] } });
  });
});

test('a file that was parsed before is read from the cache, and is the same with all its places', async () => {
  const cache = memory();
  const text = Buffer.from('a: &a [1, "two", null, { x: !env HOME }]\nb: *a\nc: !include { <<: { d: 1.5 }, e: true }\n');
  const first = await parseYaml('f.yaml', text, cache);
  expect(cache.kept.size).toBe(1);
  expect(await parseYaml('f.yaml', text, cache)).toEqual(first);
});

test('anchors that would fill the memory are not kept', () => {
  const levels = Array.from({ length: 16 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
  expect(compact(parse(`l0: &l0 [x]\n${levels.join('\n')}\nmore: *l16`))).toBeUndefined();
  const small = parse('a: [1, 2]\n');
  expect(restore(compact(small) ?? '', small.at.document)).toEqual(small);
});

test('positionOf cuts a place of several lines at the end of the first', () => {
  const document = parse('key:\n  - 1\n  - 2\n');
  expect(positionOf(document.at)).toMatchObject({ line: 1, column: 1, length: 4 });
});

test('aliases that stand for more than memory holds are an error at their place', async () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `x${level + 1}: &a${level + 1} [${Array.from({ length: 10 }, () => `*a${level}`).join(',')}]`,
  );
  const text = `x0: &a0 [1,2,3,4,5,6,7,8,9,10]\n${levels.join('\n')}\n`;
  await expect(parseYaml('stacks/s.yaml', Buffer.from(text))).rejects.toMatchObject({
    code: 'invalid-yaml',
    position: { file: 'stacks/s.yaml' },
  });
  const usual = `x: &a { b: 1 }\n${Array.from({ length: 1000 }, (_, index) => `y${index}: *a`).join('\n')}\n`;
  expect(await parseYaml('stacks/s.yaml', Buffer.from(usual))).toMatchObject({ kind: 'map' });
});
