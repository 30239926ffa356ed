import { fromCsv, fromToml, fromYaml, toCsv, toToml, toYaml } from '../formats/formats.ts';
import type { Functions } from '../language/call.ts';
import { fromJson, toJson } from '../language/json.ts';
import { typed } from '../language/signature.ts';
import { compareBytes, type Dict, isDict, sortedEntries, text, type Value } from '../language/values.ts';
import { dict, unique } from '../sprig/collections.ts';
import { toNumber, toText } from './numbers.ts';
import { has } from './texts.ts';

function mapOf(value: Value, what: string): Dict {
  if (isDict(value)) return value;
  throw new Error(`${what} is no map`);
}

function listOf(value: Value, what: string): readonly Value[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${what} is no array`);
}

function csvArguments(args: readonly Value[]): readonly (readonly string[])[] {
  // One character before it divides fields; any other text names the columns, and none gives them letters.
  const first = args.length > 1 ? text(args[0]) : undefined;
  const delimiter = args.length > 2 || first?.length === 1 ? (first ?? ',') : ',';
  const named = args.length > 2 ? text(args[1]) : first === undefined || first.length === 1 ? undefined : first;
  const records = fromCsv(text(args.at(-1)), delimiter);
  if (named === undefined) return records;
  const columns = named === '' ? (records[0] ?? []).map((_, index) => letters(index)) : named.split(delimiter);
  return [columns, ...records];
}

/** As spreadsheets call columns: `A`, …, `Z`, `AA`. */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

function byRow(records: readonly (readonly string[])[]): readonly Dict[] {
  const [names = [], ...rows] = records;
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ''])));
}

function byColumn(records: readonly (readonly string[])[]): Dict {
  const [names = [], ...rows] = records;
  return Object.fromEntries(names.map((name, index) => [name, rows.map((row) => row[index] ?? '')]));
}

/** Gomplate's `data`, but for its data sources. */
export const DATA: Functions = {
  JSON: typed('s', (source) => mapOf(fromJson(source, 'integers'), 'this JSON')),
  JSONArray: typed('s', (source) => listOf(fromJson(source, 'integers'), 'this JSON')),
  YAML: typed('s', (source) => mapOf(fromYaml(source), 'this YAML')),
  YAMLArray: typed('s', (source) => listOf(fromYaml(source), 'this YAML')),
  TOML: typed('s', fromToml),
  CSV: typed('ss*', (...args) => csvArguments(args)),
  CSVByRow: typed('ss*', (...args) => byRow(csvArguments(args))),
  CSVByColumn: typed('ss*', (...args) => byColumn(csvArguments(args))),
  ToJSON: typed('a', (value) => toJson(value)),
  ToJSONPretty: typed('sa', (indent, value) => toJson(value, { indent })),
  ToYAML: typed('a', (value) => toYaml(value)),
  ToTOML: typed('a', toToml),
  ToCSV: typed('aa*', (...args) => {
    const records = listOf(args.at(-1), 'what is to be CSV').map((record) => listOf(record, 'a record').map(toText));
    return toCsv(records, args.length > 1 ? text(args[0]) : ',');
  }),
};

function flatten(list: readonly Value[], depth: number): readonly Value[] {
  return list.flatMap((item) => (Array.isArray(item) && depth !== 0 ? flatten(item, depth - 1) : [item]));
}

/** What the first has stays; maps in maps are merged. */
export function merge(first: Dict, others: readonly Dict[]): Dict {
  const merged: Record<string, Value> = { ...first };
  for (const [key, value] of others.flatMap((other) => Object.entries(other))) {
    const before = merged[key];
    if (isDict(before) && isDict(value)) merged[key] = merge(before, [value]);
    else if (!Object.hasOwn(merged, key)) merged[key] = value;
  }
  return merged;
}

function order(a: Value, b: Value): number {
  return typeof a === 'string' || typeof b === 'string' ? compareBytes(toText(a), toText(b)) : toNumber(a) - toNumber(b);
}

function sort(args: readonly Value[]): readonly Value[] {
  const key = args.length > 1 ? text(args[0]) : '';
  const list = listOf(args.at(-1), 'what is to be sorted');
  return [...list].sort((a, b) => (key !== '' && isDict(a) && isDict(b) ? order(a[key], b[key]) : order(a, b)));
}

/** A path like `.a.b[0]`, `$[0].name`, `$.list[*].x`. @throws Error when it leads nowhere */
function jsonPath(path: string, value: Value): Value {
  const parts = [...path.replace(/^\{(.*)\}$/, '$1').matchAll(/\.([\w-]+)|\[(-?\d+)\]|\['([^']*)'\]|(\[\*\]|\.\*)/g)];
  if (parts.map(([whole]) => whole).join('') !== path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, ''))
    throw new Error(`invalid JSONPath: ${path}`);
  let found: readonly Value[] = [value];
  let isMany = false;
  for (const [, name, index, quoted, every] of parts) {
    if (every !== undefined) isMany = true;
    found = found.flatMap((one): readonly Value[] => {
      if (every !== undefined) return Array.isArray(one) ? one : isDict(one) ? sortedEntries(one).map(([, member]) => member) : [];
      if (index !== undefined) return Array.isArray(one) && one.at(Number(index)) !== undefined ? [one.at(Number(index)) as Value] : [];
      const key = name ?? quoted ?? '';
      return isDict(one) && Object.hasOwn(one, key) ? [one[key]] : [];
    });
  }
  if (isMany) return found;
  if (found.length === 0) throw new Error(`${path} is not found`);
  return found[0];
}

/** Gomplate's `coll`. */
export const COLL: Functions = {
  Slice: typed('a*', (...values) => values),
  Dict: typed('a*', (...pairs) => dict(pairs)),
  Has: typed('aa', has),
  Index: typed('aa*', (value, ...keys) =>
    keys.reduce<Value>((at, key) => (Array.isArray(at) ? (at[Number(key)] as Value) : isDict(at) ? at[text(key)] : undefined), value),
  ),
  Keys: typed('m*', (...maps) => maps.flatMap((map) => sortedEntries(map).map(([key]) => key))),
  Values: typed('m*', (...maps) => maps.flatMap((map) => sortedEntries(map).map(([, member]) => member))),
  Append: typed('al', (value, list) => [...list, value]),
  Prepend: typed('al', (value, list) => [value, ...list]),
  Uniq: typed('l', unique),
  Reverse: typed('l', (list) => [...list].reverse()),
  Merge: typed('mm*', (first, ...others) => merge(first, others)),
  Sort: typed('aa*', (...args) => sort(args)),
  Flatten: typed('aa*', (...args) => flatten(listOf(args.at(-1), 'what is to be flat'), args.length > 1 ? Number(args[0]) : -1)),
  Pick: typed('aa*', (...args) => {
    const keys = args.slice(0, -1).flatMap((key) => (Array.isArray(key) ? key.map(toText) : [toText(key)]));
    return Object.fromEntries(Object.entries(mapOf(args.at(-1), 'what is picked from')).filter(([key]) => keys.includes(key)));
  }),
  Omit: typed('aa*', (...args) => {
    const keys = args.slice(0, -1).flatMap((key) => (Array.isArray(key) ? key.map(toText) : [toText(key)]));
    return Object.fromEntries(Object.entries(mapOf(args.at(-1), 'what is omitted from')).filter(([key]) => !keys.includes(key)));
  }),
  Set: typed('sam', (key, value, map) => ({ ...map, [key]: value })),
  Unset: typed('sm', (key, map) => Object.fromEntries(Object.entries(map).filter(([name]) => name !== key))),
  JSONPath: typed('sa', jsonPath),
  GoSlice: typed('ai*', (value, from, to) => (typeof value === 'string' || Array.isArray(value) ? value.slice(from, to) : null)),
};

/** Atmos's own: the keys of a map, or of the maps under one key of its members; each once, in order. */
export function collectKeys(map: Dict, under: string | undefined): readonly string[] {
  const maps =
    under === undefined ? [map] : Object.values(map).flatMap((member) => (isDict(member) && isDict(member[under]) ? [member[under]] : []));
  return [...new Set(maps.flatMap((one) => Object.keys(one)))].sort(compareBytes);
}
