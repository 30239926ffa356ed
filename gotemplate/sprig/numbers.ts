import { type Float, float, integer, isInteger, isNumber, parseInteger, toFloat } from '../../yaml/index.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import type { Value } from '../language/values.ts';
import { reckon } from './decimals.ts';

/** cast.ToInt64: what is no number is 0; text is read with Go's prefixes. */
export function toInt(value: Value): bigint {
  if (value === true) return 1n;
  if (isInteger(value)) return BigInt(value);
  if (isNumber(value)) return Number.isFinite(toFloat(value)) ? BigInt(Math.trunc(toFloat(value))) : 0n;
  if (typeof value !== 'string') return 0n;
  const found = parseInteger(value.replace(/(?<=\d)\.\d*$/, ''));
  return found === undefined ? 0n : BigInt(found);
}

/** cast.ToFloat64: what is no number is 0. */
function toNumber(value: Value): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumber(value)) return toFloat(value);
  return typeof value === 'string' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ? Number(value) : 0;
}

/** Wraps around as 64 bits do. */
const int64 = (value: bigint): number | bigint => integer(BigInt.asIntN(64, value));

function divisor(value: Value): bigint {
  const found = toInt(value);
  if (found === 0n) throw new Error('runtime error: integer divide by zero');
  return found;
}

function fold(values: readonly Value[], combine: (a: bigint, b: bigint) => bigint): number | bigint {
  return int64(values.map(toInt).reduce(combine));
}

function foldFloats(values: readonly Value[], operation: Parameters<typeof reckon>[1]): number | Float {
  return float(reckon(values.map(toNumber), operation));
}

/** Rounds half away from zero only above it, as Sprig does. */
function round(value: number, places: number): number {
  const power = 10 ** places;
  const digit = power * value;
  const rest = digit - Math.trunc(digit);
  return (rest >= 0.5 ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function steps(start: number, stop: number, step: number): readonly number[] {
  const values: number[] = [];
  if (step === 0 || (stop < start ? step > 0 : step < 0)) return values;
  for (let value = start; step > 0 ? value < stop : value > stop; value += step) values.push(value);
  return values;
}

/** Math.max takes no bigint. */
function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

const biggest = typed('aa*', (...values) => fold(values, larger));

/** Sprig's functions of numbers. */
export const NUMBERS: Functions = {
  int: typed('a', (value) => int64(toInt(value))),
  int64: typed('a', (value) => int64(toInt(value))),
  float64: typed('a', (value) => float(toNumber(value))),
  atoi: typed('s', (value) => (/^[-+]?\d+$/.test(value) ? integer(BigInt(value)) : 0)),
  toDecimal: typed('a', (value) => (typeof value === 'object' ? 0 : Number.parseInt(String(value), 8) || 0)),
  add: typed('a*', (...values) => fold([0, ...values], (a, b) => a + b)),
  add1: typed('a', (value) => int64(toInt(value) + 1n)),
  sub: typed('aa', (a, b) => int64(toInt(a) - toInt(b))),
  mul: typed('aa*', (...values) => fold(values, (a, b) => a * b)),
  div: typed('aa', (a, b) => int64(toInt(a) / divisor(b))),
  mod: typed('aa', (a, b) => int64(toInt(a) % divisor(b))),
  max: biggest,
  biggest,
  min: typed('aa*', (...values) => fold(values, (a, b) => (larger(a, b) === a ? b : a))),
  maxf: typed('aa*', (...values) => float(Math.max(...values.map(toNumber)))),
  minf: typed('aa*', (...values) => float(Math.min(...values.map(toNumber)))),
  addf: typed('a*', (...values) => foldFloats([0, ...values], '+')),
  add1f: typed('a', (value) => foldFloats([value, 1], '+')),
  subf: typed('aa*', (...values) => foldFloats(values, '-')),
  mulf: typed('aa*', (...values) => foldFloats(values, '*')),
  divf: typed('aa*', (...values) => foldFloats(values, '/')),
  floor: typed('a', (value) => float(Math.floor(toNumber(value)))),
  ceil: typed('a', (value) => float(Math.ceil(toNumber(value)))),
  round: typed('aia*', (value, places) => float(round(toNumber(value), places))),
  until: typed('i', (count) => steps(0, count, count < 0 ? -1 : 1)),
  untilStep: typed('iii', steps),
  seq: typed('i*', (...args) => {
    const [start, step, end] =
      args.length === 1
        ? [1, 1, args[0] ?? 0]
        : args.length === 2
          ? [args[0] ?? 0, 1, args[1] ?? 0]
          : [args[0] ?? 0, args[1] ?? 1, args[2] ?? 0];
    const by = args.length < 3 && end < start ? -1 : step;
    return steps(start, end + Math.sign(by), by).join(' ');
  }),
};
