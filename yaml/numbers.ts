/**
 * Numbers as Go has them, where JavaScript's own do not tell: whole numbers are `number` as far as that is exact and `bigint` beyond; a number with
 * a fraction is a `float64`; a `float64` that is whole is a `Float`.
 */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export type GoNumber = number | bigint | Float;

export function isNumber(value: unknown): value is GoNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
}

/** Whether a number is one of Go's integers. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** A `float64`. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

/** An integer. */
export function integer(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The nearest `float64`. */
export function toFloat(value: GoNumber): number {
  return value instanceof Float ? value.value : Number(value);
}

const INT_MAX = 2n ** 63n - 1n;
const INT_MIN = -(2n ** 63n);
const UINT_MAX = 2n ** 64n - 1n;

/** Go's name of a number's type. */
export function numberType(value: GoNumber): 'int' | 'uint64' | 'float64' {
  if (!isInteger(value)) return 'float64';
  return BigInt(value) > INT_MAX ? 'uint64' : 'int';
}

/**
 * An integer literal with Go's prefixes (`0x`, `0o`, `0b`, `0`), or `undefined`: `strconv.ParseInt` and `ParseUint` with base 0, but for underscores.
 */
export function parseInteger(text: string): number | bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  const value = sign === '-' ? -magnitude : magnitude;
  return value < INT_MIN || value > UINT_MAX ? undefined : integer(value);
}

/** A number as Go prints it (`%v`). */
export function formatNumber(value: GoNumber): string {
  return numberType(value) === 'float64' ? formatFloat(value instanceof Float ? value.value : Number(value)) : String(value);
}

/** strconv.FormatFloat(value, 'g', -1, 64): the shortest form, with an exponent below 1e-4 and from 1e+06 on. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return value.toString();
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
