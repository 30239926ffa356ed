import { createHash } from 'node:crypto';
import type { Functions } from './evaluate.ts';
import { Fields, format, isTrue, text, type Value } from './values.ts';

type Dict = Readonly<Record<string, Value>>;

function number(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  return 0;
}
const integer = (value: Value): number => Math.trunc(number(value));

function list(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null) return [];
  throw new Error(`expected a list, not ${format(value)}`);
}

function map(value: Value): Dict {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Fields)) return value as Dict;
  if (value === undefined || value === null) return {};
  throw new Error(`expected a map, not ${format(value)}`);
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new Error('incompatible types for comparison');
}

function equal(a: Value, b: Value): boolean {
  if ((a ?? null) === null || (b ?? null) === null) return (a ?? null) === (b ?? null);
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison');
  return typeof a === 'object' ? JSON.stringify(a) === JSON.stringify(b) : a === b;
}

/** Go's `index`: into maps, lists and what resolves its own fields. */
function index(value: Value, ...keys: Value[]): Value {
  return keys.reduce<Value>((at, key) => {
    if (at instanceof Fields) return at.field(text(key));
    if (at === undefined || at === null) throw new Error('index of untyped nil');
    if (Array.isArray(at)) {
      const position = number(key);
      if (position < 0 || position >= at.length) throw new Error(`index out of range: ${position}`);
      return at[position];
    }
    return map(at)[text(key)];
  }, value);
}

/** fmt.Sprintf with the verbs that configuration uses. */
function printf(template: Value, ...args: Value[]): string {
  let next = 0;
  return text(template).replaceAll(
    /%([-+0 #]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= args.length) return `%!${verb}(MISSING)`;
      const value = args[next];
      next += 1;
      const body = formatVerb(verb, value, precision === undefined ? undefined : Number(precision), flags);
      const size = Number(width || '0');
      if (flags.includes('-')) return body.padEnd(size);
      return flags.includes('0') && verb !== 's' ? body.padStart(size, '0') : body.padStart(size);
    },
  );
}

function formatVerb(verb: string, value: Value, precision: number | undefined, flags: string): string {
  switch (verb) {
    case 'v':
      return format(value);
    case 's':
      return precision === undefined ? text(value) : text(value).slice(0, precision);
    case 'q':
      return JSON.stringify(text(value));
    case 'd':
      return typeof value === 'number'
        ? `${flags.includes('+') && value >= 0 ? '+' : ''}${Math.trunc(value)}`
        : `%!d(${typeof value}=${text(value)})`;
    case 'f':
      return number(value).toFixed(precision ?? 6);
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(text(value)).toString('hex');
    case 't':
      return String(value);
    default:
      return `%!${verb}(${text(value)})`;
  }
}

const upperFirst = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
const indent = (spaces: Value, value: Value): string => text(value).replaceAll(/^/gm, ' '.repeat(integer(spaces)));

/** Go's own functions. */
const GO: Functions = {
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => equal(first, other)),
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  len: (value) =>
    typeof value === 'string' ? Buffer.byteLength(value) : Array.isArray(value) ? value.length : Object.keys(map(value)).length,
  index,
  slice: (value, from, to) => {
    const end = to === undefined ? undefined : integer(to);
    return typeof value === 'string' ? value.slice(integer(from), end) : list(value).slice(integer(from), end);
  },
  print: (...args) => args.map(format).join(''),
  println: (...args) => `${args.map(format).join(' ')}\n`,
  printf,
};

/** What of Sprig stacks use most, under Sprig's names and argument orders. */
const SPRIG: Functions = {
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  empty: (value) => !isTrue(value),
  coalesce: (...values) => values.find(isTrue) ?? null,
  ternary: (yes, no, condition) => (isTrue(condition) ? yes : no),
  fail: (message) => {
    throw new Error(text(message));
  },
  required: (message, value) => {
    if (value === undefined || value === null || value === '') throw new Error(text(message));
    return value;
  },
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  title: (value) => text(value).replaceAll(/\S+/g, upperFirst),
  trim: (value) => text(value).trim(),
  trimAll: (cut, value) =>
    [...text(value)].join('').replace(new RegExp(`^[${escapeSet(text(cut))}]+|[${escapeSet(text(cut))}]+$`, 'g'), ''),
  trimPrefix: (prefix, value) => (text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : text(value)),
  trimSuffix: (suffix, value) =>
    text(suffix) !== '' && text(value).endsWith(text(suffix)) ? text(value).slice(0, -text(suffix).length) : text(value),
  replace: (from, to, value) => text(value).replaceAll(text(from), text(to)),
  contains: (part, value) => text(value).includes(text(part)),
  hasPrefix: (prefix, value) => text(value).startsWith(text(prefix)),
  hasSuffix: (suffix, value) => text(value).endsWith(text(suffix)),
  repeat: (count, value) => text(value).repeat(Math.max(0, integer(count))),
  trunc: (length, value) => (integer(length) < 0 ? text(value).slice(integer(length)) : text(value).slice(0, integer(length))),
  substr: (from, to, value) => text(value).slice(Math.max(0, integer(from)), integer(to) < 0 ? undefined : integer(to)),
  quote: (...values) =>
    values
      .filter((value) => value !== undefined && value !== null)
      .map((value) => JSON.stringify(text(value)))
      .join(' '),
  squote: (...values) =>
    values
      .filter((value) => value !== undefined && value !== null)
      .map((value) => `'${text(value)}'`)
      .join(' '),
  indent,
  nindent: (spaces, value) => `\n${indent(spaces, value)}`,
  join: (separator, values) => (Array.isArray(values) ? values.map(text).join(text(separator)) : text(values)),
  splitList: (separator, value) => text(value).split(text(separator)),
  split: (separator, value) =>
    Object.fromEntries(
      text(value)
        .split(text(separator))
        .map((part, position) => [`_${position}`, part]),
    ),
  toString: (value: Value) => format(value),
  int: (value) => integer(value),
  int64: (value) => integer(value),
  float64: (value) => number(value),
  add: (...values) => values.reduce<number>((sum, value) => sum + integer(value), 0),
  add1: (value) => integer(value) + 1,
  sub: (a, b) => integer(a) - integer(b),
  mul: (...values) => values.reduce<number>((product, value) => product * integer(value), 1),
  div: (a, b) => {
    if (integer(b) === 0) throw new Error('runtime error: integer divide by zero');
    return Math.trunc(integer(a) / integer(b));
  },
  mod: (a, b) => {
    if (integer(b) === 0) throw new Error('runtime error: integer divide by zero');
    return integer(a) % integer(b);
  },
  max: (...values) => Math.max(...values.map(integer)),
  min: (...values) => Math.min(...values.map(integer)),
  until: (count) => Array.from({ length: Math.max(0, integer(count)) }, (_, position) => position),
  list: (...values) => values,
  first: (values) => list(values)[0] ?? null,
  last: (values) => list(values).at(-1) ?? null,
  rest: (values) => list(values).slice(1),
  has: (needle, values) => list(values).some((value) => JSON.stringify(value) === JSON.stringify(needle)),
  uniq: (values) => [...new Map(list(values).map((value) => [JSON.stringify(value), value])).values()],
  sortAlpha: (values) => list(values).map(text).sort(),
  concat: (...lists) => lists.flatMap(list),
  append: (values, value) => [...list(values), value],
  dict: (...pairs) =>
    Object.fromEntries(
      pairs.flatMap((key, position) => (position % 2 === 0 ? [[text(key), position + 1 < pairs.length ? pairs[position + 1] : '']] : [])),
    ),
  get: (from, key) => map(from)[text(key)] ?? '',
  hasKey: (from, key) => Object.hasOwn(map(from), text(key)),
  keys: (...from) => from.flatMap((one) => Object.keys(map(one)).sort()),
  values: (from) => Object.values(map(from)),
  toJson: (value) => JSON.stringify(sorted(value)),
  toPrettyJson: (value) => JSON.stringify(sorted(value), null, 2),
  fromJson: (value) => JSON.parse(text(value)) as Value,
  b64enc: (value) => Buffer.from(text(value)).toString('base64'),
  b64dec: (value) => Buffer.from(text(value), 'base64').toString('utf8'),
  sha256sum: (value) => createHash('sha256').update(text(value)).digest('hex'),
};

/** Go writes the keys of maps in order. */
function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(map(value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

function escapeSet(characters: string): string {
  return characters.replaceAll(/[\]\\^-]/g, '\\$&');
}

/** The functions of every template; a host's own are put over them. */
export const FUNCTIONS: Functions = { ...GO, ...SPRIG };
