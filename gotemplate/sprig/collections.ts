import { isNumber, toFloat } from '../../yaml/index.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import { type Dict, format, isDict, isTrue, kindOf, text, typeOf, type Value } from '../language/values.ts';

/** reflect.DeepEqual, but that integers of all kinds are alike. */
function deepEqual(a: Value, b: Value): boolean {
  if (kindOf(a) !== kindOf(b)) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item: Value, index) => deepEqual(item, b[index] as Value));
  if (isDict(a) && isDict(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]));
  }
  if (isNumber(a) && isNumber(b)) return toFloat(a) === toFloat(b) && String(format(a)) === String(format(b));
  return (a ?? null) === (b ?? null);
}

function listOf(value: Value, name: string): readonly Value[] {
  if (Array.isArray(value)) return value;
  throw new Error(`Cannot find ${name} on type ${kindOf(value)}`);
}

/** Each value once, where it is first. */
export function unique(values: readonly Value[]): readonly Value[] {
  const kept: Value[] = [];
  for (const value of values) if (!kept.some((one) => deepEqual(one, value))) kept.push(value);
  return kept;
}

function slice(value: Value, from: number | undefined, to: number | undefined): readonly Value[] {
  const list = listOf(value, 'slice');
  const [start, end] = [from ?? 0, to ?? list.length];
  if (start < 0 || end > list.length || start > end) throw new Error(`slice index out of range [${start}:${end}]`);
  return list.slice(start, end);
}

function chunk(size: number, list: readonly Value[]): readonly Value[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}

/** Keys and values in turn; a last key without one has an empty text. */
export function dict(pairs: readonly Value[]): Dict {
  const made: Record<string, Value> = {};
  for (let index = 0; index < pairs.length; index += 2) made[text(pairs[index])] = index + 1 < pairs.length ? pairs[index + 1] : '';
  return made;
}

/** mergo: what a map has that is not empty stays, unless it is overwritten; maps in maps are merged. */
function mergeInto(target: Record<string, Value>, source: Dict, overwrite: boolean): void {
  for (const [key, value] of Object.entries(source)) {
    const before = target[key];
    if (isDict(before) && isDict(value)) {
      const inner = { ...before };
      mergeInto(inner, value, overwrite);
      target[key] = inner;
    } else if (!Object.hasOwn(target, key) || !isTrue(before) || overwrite) target[key] = value;
  }
}

/** The first map changes, as it does in Sprig. */
function merge(overwrite: boolean): (first: Dict, ...others: readonly Dict[]) => Dict {
  return (first, ...others) => {
    for (const other of others) mergeInto(first as Record<string, Value>, other, overwrite);
    return first;
  };
}

function dig(args: readonly Value[]): Value {
  const from = args.at(-1);
  const fallback = args.at(-2);
  let value: Value = from;
  for (const key of args.slice(0, -2)) {
    if (!isDict(value) || !Object.hasOwn(value, text(key))) return fallback;
    value = value[text(key)];
  }
  return value;
}

const pick = (from: Dict, keys: readonly string[]): Dict =>
  Object.fromEntries(keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]]));
const omit = (from: Dict, keys: readonly string[]): Dict => Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
const copy = (value: Value): Value =>
  Array.isArray(value)
    ? value.map(copy)
    : isDict(value)
      ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(member)]))
      : value;

const LISTS: Functions = {
  list: typed('a*', (...values) => values),
  tuple: typed('a*', (...values) => values),
  first: typed('a', (list) => listOf(list, 'first')[0] ?? null),
  last: typed('a', (list) => listOf(list, 'last').at(-1) ?? null),
  rest: typed('a', (list) => listOf(list, 'rest').slice(1)),
  initial: typed('a', (list) => listOf(list, 'initial').slice(0, -1)),
  append: typed('aa', (list, value) => [...listOf(list, 'push'), value]),
  push: typed('aa', (list, value) => [...listOf(list, 'push'), value]),
  prepend: typed('aa', (list, value) => [value, ...listOf(list, 'prepend')]),
  concat: typed('a*', (...lists) => lists.flatMap((list) => listOf(list, 'concat'))),
  reverse: typed('a', (list) => [...listOf(list, 'reverse')].reverse()),
  uniq: typed('a', (list) => unique(listOf(list, 'uniq'))),
  without: typed('aa*', (list, ...left) => listOf(list, 'without').filter((value) => !left.some((one) => deepEqual(one, value)))),
  has: typed('aa', (needle, list) => (list === null ? false : listOf(list, 'has').some((value) => deepEqual(value, needle)))),
  compact: typed('a', (list) => listOf(list, 'compact').filter(isTrue)),
  slice: typed('ai*', (list, from, to) => slice(list, from, to)),
  chunk: typed('ia', (size, list) => chunk(size, listOf(list, 'chunk'))),
};

/** Sprig's functions of lists and maps, and of what values are. */
export const COLLECTIONS: Functions = {
  ...LISTS,
  ...Object.fromEntries(
    ['first', 'last', 'rest', 'initial', 'append', 'push', 'prepend', 'reverse', 'uniq', 'without', 'has', 'compact', 'slice', 'chunk'].map(
      (name) => [`must${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, LISTS[name] as NonNullable<(typeof LISTS)[string]>],
    ),
  ),
  dict: typed('a*', (...pairs) => dict(pairs)),
  get: typed('ms', (from, key) => (Object.hasOwn(from, key) ? from[key] : '')),
  set: typed('msa', (into, key, value) => {
    (into as Record<string, Value>)[key] = value;
    return into;
  }),
  unset: typed('ms', (from, key) => {
    delete (from as Record<string, Value>)[key];
    return from;
  }),
  hasKey: typed('ms', (from, key) => Object.hasOwn(from, key)),
  keys: typed('m*', (...from) => from.flatMap((one) => Object.keys(one).sort())),
  values: typed('m', (from) => Object.values(from)),
  pluck: typed('sm*', (key, ...from) => from.filter((one) => Object.hasOwn(one, key)).map((one) => one[key])),
  pick: typed('ms*', (from, ...keys) => pick(from, keys)),
  omit: typed('ms*', (from, ...keys) => omit(from, keys)),
  merge: typed('mm*', merge(false)),
  mustMerge: typed('mm*', merge(false)),
  mergeOverwrite: typed('mm*', merge(true)),
  mustMergeOverwrite: typed('mm*', merge(true)),
  deepCopy: typed('a', copy),
  mustDeepCopy: typed('a', copy),
  dig: typed('aaaa*', (...args) => dig(args)),
  default: typed('aa*', (fallback, ...values) => (values.length > 0 && isTrue(values[0]) ? values[0] : fallback)),
  empty: typed('a', (value) => !isTrue(value)),
  coalesce: typed('a*', (...values) => values.find(isTrue) ?? null),
  all: typed('a*', (...values) => values.every(isTrue)),
  any: typed('a*', (...values) => values.some(isTrue)),
  ternary: typed('aab', (yes, no, condition) => (condition ? yes : no)),
  fail: typed('s', (message) => {
    throw new Error(message);
  }),
  kindOf: typed('a', kindOf),
  kindIs: typed('sa', (kind, value) => kindOf(value) === kind),
  typeOf: typed('a', typeOf),
  typeIs: typed('sa', (type, value) => typeOf(value) === type),
  typeIsLike: typed('sa', (type, value) => typeOf(value) === type || typeOf(value) === `*${type}`),
  deepEqual: typed('aa', deepEqual),
};
