import { expect, test } from 'vitest';
import { table } from '../../cli/answers/globals.ts';
import { ago, counts, warningLines } from '../../cli/answers/words.ts';

test('columns are as wide as their widest cell, and no line ends in blanks', () => {
  expect(
    table([
      ['A', 'LONG', ''],
      ['longer', 'x', 'z'],
      ['', '', ''],
    ]),
  ).toBe('A       LONG\nlonger  x     z\n');
  expect(table([])).toBe('');
});

test('times are told in the largest unit that says something', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(ago('2026-11-24T11:59:30Z', now)).toBe('just now');
  expect(ago('2026-11-24T11:59:00Z', now)).toBe('1 minute ago');
  expect(ago('2026-11-21T11:00:00Z', now)).toBe('3 days ago');
  expect(ago('2026-11-24T12:00:30Z', now)).toBe('just now');
});

test('changes are counted by kind', () => {
  expect(counts({ create: 3, update: 0, delete: 1 })).toBe('+3 -1');
  expect(counts({ create: 0, update: 0, delete: 0 })).toBe('no changes');
});

test('a warning that several components have is told once, and values that no variable takes on one line', () => {
  const warning = (summary: string, detail = '', file: string | null = null, line: number | null = null) => ({
    summary,
    detail,
    file,
    line,
  });
  const undeclared = (name: string) =>
    warning(
      'Value for undeclared variable',
      `The root module does not declare a variable named "${name}" but a value was found in file "x".`,
    );
  const check = warning('Check block assertion failed', 'not ready', 'main.tf', 3);
  expect(
    warningLines({
      a: [undeclared('stage'), check, undeclared('env')],
      b: [check],
      c: [undeclared('env'), undeclared('stage')],
      d: [undeclared('one')],
    }),
  ).toEqual([
    ' ! a, c: variables "env", "stage" are not declared and are ignored',
    ' ! a, b: Check block assertion failed: not ready (main.tf:3)',
    ' ! d: variable "one" is not declared and is ignored',
  ]);
});
