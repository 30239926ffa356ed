import { type Float, float, integer, isInteger, isNumber, parseInteger, toFloat } from '../../yaml/index.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import { format, type Value } from '../language/values.ts';

/** conv.ToInt64: prefixes of all bases, thousands with commas; what is no number is 0. */
export function toInt(value: Value): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (isInteger(value)) return BigInt(value);
  if (isNumber(value)) return BigInt(Math.trunc(toFloat(value)));
  if (typeof value !== 'string') return 0n;
  const clean = value.trim().replaceAll(',', '');
  const found = parseInteger(clean);
  if (found !== undefined) return BigInt(found);
  const number = Number(clean);
  return clean === '' || !Number.isFinite(number) ? 0n : BigInt(Math.trunc(number));
}

export function toNumber(value: Value): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumber(value)) return toFloat(value);
  if (typeof value !== 'string') return 0;
  const clean = value.trim().replaceAll(',', '');
  const whole = parseInteger(clean);
  return whole === undefined ? (clean === '' || Number.isNaN(Number(clean)) ? 0 : Number(clean)) : Number(whole);
}

/** Whether a value reads as a number with a fraction. */
function isFraction(value: Value): boolean {
  if (isNumber(value)) return !isInteger(value);
  return typeof value === 'string' && parseInteger(value) === undefined && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value);
}

const isWhole = (value: Value): boolean => (typeof value === 'string' ? parseInteger(value) !== undefined : isInteger(value));

function combine(
  values: readonly Value[],
  whole: (a: bigint, b: bigint) => bigint,
  fraction: (a: number, b: number) => number,
): number | bigint | Float {
  if (values.some(isFraction)) return float(values.map(toNumber).reduce(fraction));
  return integer(BigInt.asIntN(64, values.map(toInt).reduce(whole)));
}

function divide(a: Value, b: Value): Float | number {
  if (toNumber(b) === 0) throw new Error('error: division by 0');
  return float(toNumber(a) / toNumber(b));
}

function remainder(a: Value, b: Value): number | bigint {
  if (toInt(b) === 0n) throw new Error('error: division by 0');
  return integer(toInt(a) % toInt(b));
}

function power(a: Value, b: Value): number | bigint | Float {
  return isFraction(a) || isFraction(b) || toInt(b) < 0n
    ? float(toNumber(a) ** toNumber(b))
    : integer(BigInt.asIntN(64, toInt(a) ** toInt(b)));
}

/** `Seq end`, `Seq start end`, `Seq start end step`: both ends are in it. */
function sequence(args: readonly Value[]): readonly (number | bigint)[] {
  const [start, end, step] =
    args.length === 1 ? [1n, toInt(args[0]), 1n] : [toInt(args[0]), toInt(args[1]), args.length === 2 ? 1n : toInt(args[2])];
  if (step === 0n) return [];
  const size = step < 0n ? -step : step;
  const by = end < start ? -size : size;
  const values: (number | bigint)[] = [];
  for (let value = start; by > 0n ? value <= end : value >= end; value += by) values.push(integer(value));
  return values;
}

const roundAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));
const pick = (values: readonly Value[], better: (a: number, b: number) => boolean): number | bigint | Float => {
  const best = values.reduce((a, b) => (better(toNumber(b), toNumber(a)) ? b : a));
  return values.some(isFraction) ? float(toNumber(best)) : integer(toInt(best));
};

/** Gomplate's `math`. */
export const MATH: Functions = {
  Add: typed('a*', (...values) =>
    combine(
      [0, ...values],
      (a, b) => a + b,
      (a, b) => a + b,
    ),
  ),
  Sub: typed('aa', (a, b) =>
    combine(
      [a, b],
      (x, y) => x - y,
      (x, y) => x - y,
    ),
  ),
  Mul: typed('a*', (...values) =>
    combine(
      [1, ...values],
      (a, b) => a * b,
      (a, b) => a * b,
    ),
  ),
  Div: typed('aa', divide),
  Rem: typed('aa', remainder),
  Pow: typed('aa', power),
  Seq: typed('aa*', (...args) => sequence(args)),
  Abs: typed('a', (value) =>
    isFraction(value) ? float(Math.abs(toNumber(value))) : integer(toInt(value) < 0n ? -toInt(value) : toInt(value)),
  ),
  Ceil: typed('a', (value) => float(Math.ceil(toNumber(value)))),
  Floor: typed('a', (value) => float(Math.floor(toNumber(value)))),
  Round: typed('a', (value) => float(roundAway(toNumber(value)))),
  Max: typed('aa*', (...values) => pick(values, (a, b) => a > b)),
  Min: typed('aa*', (...values) => pick(values, (a, b) => a < b)),
  IsInt: typed('a', isWhole),
  IsFloat: typed('a', isFraction),
  IsNum: typed('a', (value) => isWhole(value) || isFraction(value)),
};

export function toBool(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (isNumber(value)) return toFloat(value) === 1;
  return typeof value === 'string' && /^(1|t|true|yes)$/i.test(value);
}

export const toText = (value: Value): string => (value === undefined || value === null ? 'nil' : format(value));
