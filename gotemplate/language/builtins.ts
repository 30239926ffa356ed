import { isNumber, toFloat } from '../../yaml/index.ts';
import type { Functions } from './call.ts';
import { printf } from './printf.ts';
import { typed } from './signature.ts';
import { compareBytes, Fields, format, isDict, isTrue, kindOf, text, type Value } from './values.ts';

function equal(a: Value, b: Value): boolean {
  const [x, y] = [kindOf(a), kindOf(b)];
  if (x === 'invalid' || y === 'invalid') return x === y;
  if (x === 'slice' || x === 'map') throw new Error('non-comparable type');
  if (basic(x) !== basic(y)) throw new Error('incompatible types for comparison');
  return isNumber(a) && isNumber(b) ? comparable(a) === comparable(b) : a === b;
}

/** Go compares integers of all kinds with one another, and nothing else across kinds. */
function basic(kind: string): string {
  return kind === 'uint64' ? 'int' : kind;
}

/** A number that compares with `===` whatever form it has. */
function comparable(value: Value): bigint | number {
  return typeof value === 'bigint' ? value : isNumber(value) ? toFloat(value) : Number.NaN;
}

function less(a: Value, b: Value): boolean {
  const [x, y] = [kindOf(a), kindOf(b)];
  if (basic(x) !== basic(y)) throw new Error('incompatible types for comparison');
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b) < 0;
  if (isNumber(a) && isNumber(b)) return comparable(a) < comparable(b);
  throw new Error('invalid type for comparison');
}

/** Go's `index`: into maps, lists and what resolves its own fields. */
function index(value: Value, ...keys: Value[]): Value {
  return keys.reduce<Value>((at, key) => {
    if (at instanceof Fields) return at.field(text(key));
    if (at === undefined || at === null) throw new Error('index of untyped nil');
    if (typeof at === 'string') return Buffer.from(at)[position(key, Buffer.byteLength(at))];
    if (Array.isArray(at)) return at[position(key, at.length)] as Value;
    if (!isDict(at)) throw new Error(`can't index item of type ${kindOf(at)}`);
    if (typeof key !== 'string') throw new Error(`value has type ${kindOf(key)}; should be string`);
    return Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}

function position(key: Value, length: number): number {
  if (typeof key !== 'number' || !Number.isInteger(key)) throw new Error(`cannot index slice/array with type ${kindOf(key)}`);
  if (key < 0 || key >= length) throw new Error(`index out of range: ${key}`);
  return key;
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isDict(value)) return Object.keys(value).length;
  throw new Error(value === undefined || value === null ? 'len of nil pointer' : `len of type ${kindOf(value)}`);
}

/** fmt.Sprint: a space between operands neither of which is a string. */
function sprint(args: readonly Value[]): string {
  return args.reduce<string>((said, value, at) => {
    const spaced = at > 0 && typeof value !== 'string' && typeof args[at - 1] !== 'string';
    return `${said}${spaced ? ' ' : ''}${format(value)}`;
  }, '');
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&#34;', "'": '&#39;', '\0': '\uFFFD' };
const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** Go's own functions; `and` and `or` are the evaluator's. */
export const BUILTINS: Functions = {
  not: typed('a', (value) => !isTrue(value)),
  eq: typed('aaa*', (first, second, ...others) => [second, ...others].some((other) => equal(first, other))),
  ne: typed('aa', (a, b) => !equal(a, b)),
  lt: typed('aa', less),
  le: typed('aa', (a, b) => less(a, b) || equal(a, b)),
  gt: typed('aa', (a, b) => !less(a, b) && !equal(a, b)),
  ge: typed('aa', (a, b) => !less(a, b)),
  len: typed('a', lengthOf),
  index,
  print: typed('a*', (...args) => sprint(args)),
  println: typed('a*', (...args) => `${args.map(format).join(' ')}\n`),
  printf: typed('sa*', (template, ...args) => printf(template, args)),
  html: typed('a*', (...args) => sprint(args).replaceAll(/[<>&"'\0]/g, (character) => HTML[character] ?? character)),
  js: typed('a*', (...args) =>
    sprint(args).replaceAll(
      /[\\'"<>&=]|\p{Cc}/gu,
      (character) => JS[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    ),
  ),
  urlquery: typed('a*', (...args) =>
    encodeURIComponent(sprint(args))
      .replaceAll('%20', '+')
      .replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`),
  ),
};
