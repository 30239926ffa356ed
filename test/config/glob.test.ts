import { expect, test } from 'vitest';
import { globExpression, inGlobOrder } from '../../config/source/glob.ts';

test.each([
  ['cat/*', 'cat/a.yaml', true],
  ['cat/*', 'cat/x/a.yaml', false],
  ['cat/**/*', 'cat/a.yaml', true],
  ['cat/**/*', 'cat/x/y/a.yaml', true],
  ['cat/**', 'cat/x/a.yaml', true],
  ['cat/**.yaml', 'cat/a.yaml', true],
  ['cat/**.yaml', 'cat/x/a.yaml', false],
  ['cat/x**/a.yaml', 'cat/xy/a.yaml', true],
  ['cat/x**/a.yaml', 'cat/xy/z/a.yaml', false],
  ['**/q.yaml', 'q.yaml', true],
  ['cat/{a,b}?.yaml', 'cat/b1.yaml', true],
  ['cat/[a-c].yaml', 'cat/d.yaml', false],
])('%s takes %s: %s', (pattern, path, expected) => {
  expect(globExpression(pattern)?.test(path)).toBe(expected);
});

test('of each directory its files come first, then what is in its directories, by name', () => {
  const paths = ['c/x/y.yaml', 'c/z.yaml', 'c/a-b/x.yaml', 'c/a/q.yaml', 'c/a/b/q.yaml', 'c/b.yaml'];
  expect(inGlobOrder(paths)).toEqual(['c/b.yaml', 'c/z.yaml', 'c/a/q.yaml', 'c/a/b/q.yaml', 'c/a-b/x.yaml', 'c/x/y.yaml']);
});
