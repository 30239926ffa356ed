import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, jsonDigest, makeTree, packTreeBytes, sha256, type TreeEntry } from '../../engine/index.ts';

test('canonical JSON has one form whatever the order of keys (RFC 8785)', () => {
  expect(canonicalJson({ b: [1, 1.0, 1e21, -0], a: { '\u20ac': 1, '\r': 2, '1': 3 } })).toBe(
    '{"a":{"\\r":2,"1":3,"€":1},"b":[1,1,1e+21,0]}',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      for (const entries of [Object.entries(value).reverse(), Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))]) {
        expect(canonicalJson(Object.fromEntries(entries))).toBe(canonicalJson(value));
      }
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what JSON can’t say is refused', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 0, [undefined]])
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  expect(jsonDigest({ a: undefined })).toBe(jsonDigest({}));
});

test('a tree packs to the same bytes in whatever order its entries were given', async () => {
  const contents = new Map(['one', 'two', 'three'].map((text) => [sha256(text), Buffer.from(text)]));
  const read = async (digest: `sha256:${string}`) => contents.get(digest as never) ?? Buffer.alloc(0);
  const entries: TreeEntry[] = ['a/b/one', 'a/two', 'z'].map((path, index) => {
    const [digest, content] = [...contents][index] ?? [sha256(''), Buffer.alloc(0)];
    return { path, mode: index === 1 ? '755' : '644', digest, size: content.length };
  });
  const [first, second] = await Promise.all([entries, [...entries].reverse()].map((some) => packTreeBytes(makeTree(some), read)));
  expect(sha256(first ?? '')).toBe(sha256(second ?? ''));
});
