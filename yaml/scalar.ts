import { Float, float, parseInteger } from './numbers.ts';

/** What a YAML scalar may be. */
export type Scalar = null | boolean | number | bigint | Float | string;

const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/**
 * A plain scalar as Go's yaml.v3 resolves it, which takes YAML 1.1's octals and underscores, but not its `yes` and `no`. What it takes for a date
 * stays text.
 */
export function plainScalar(text: string): Scalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  const digits = text.replaceAll('_', '');
  const whole = parseInteger(digits);
  if (whole !== undefined) return whole;
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(digits)) return float(Number(digits));
  return text;
}

/** A scalar with one of YAML's own tags; `undefined` for a text that the tag can't have. */
export function taggedScalar(tag: string, text: string): Scalar | undefined {
  const value = plainScalar(text);
  switch (tag) {
    case 'str':
      return text;
    case 'binary':
      return Buffer.from(text, 'base64').toString('latin1');
    case 'null':
      return value === null ? null : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int':
      return typeof value === 'bigint' || Number.isInteger(value) ? value : undefined;
    case 'float':
      return typeof value === 'number' || typeof value === 'bigint' ? float(Number(value)) : value instanceof Float ? value : undefined;
    default:
      return text;
  }
}
