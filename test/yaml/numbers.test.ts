import { expect, test } from 'vitest';
import { Float, float, integer, isInteger, isNumber, numberType, parseInteger, toFloat } from '../../yaml/numbers.ts';

test('whole numbers stay exact at any size, and tell whether they are floats', () => {
  expect(parseInteger('9223372036854775807')).toBe(9223372036854775807n);
  expect(integer(42n)).toBe(42);
  expect(['0755', '0o17', '0b11', '0x1F', '-12', '+5', '0899', '1.0', ''].map(parseInteger)).toEqual([
    493,
    15,
    3,
    31,
    -12,
    5,
    undefined,
    undefined,
    undefined,
  ]);
  expect(parseInteger('18446744073709551616')).toBeUndefined();
  expect([1, 2n ** 63n, new Float(1), 1.5].map((value) => numberType(value))).toEqual(['int', 'uint64', 'float64', 'float64']);
  expect([float(1), float(1.5)]).toEqual([new Float(1), 1.5]);
  expect([isInteger(1), isInteger(new Float(1)), isNumber(new Float(1)), isNumber('1'), toFloat(new Float(2))]).toEqual([
    true,
    false,
    true,
    false,
    2,
  ]);
});
