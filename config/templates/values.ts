import type { GoNumber } from '../numbers.ts';

/** Resolves fields of its own instead of having them: `outputs`, whose values may not be there yet. */
export abstract class Fields {
  abstract field(name: string): Value;
}

/** A value that is not known yet. What is computed from it is not known either, and a decision on it may go both ways. */
export class Unknown extends Fields {
  field(): Value {
    return this;
  }
}
export const UNKNOWN = new Unknown();

/** What templates compute with. `undefined` is what a missing key gives. */
export type Value = undefined | null | boolean | GoNumber | string | readonly Value[] | { readonly [key: string]: Value } | Fields | Opaque;

/** A value of a type of its own, with fields and methods: a time, a URL. */
abstract class Opaque {
  /** Go's `%v`. */
  abstract print(): string;
  /** A field, or a method without arguments; `undefined` when it has none of that name. */
  member(_name: string): Value | ((...args: Value[]) => Value) {
    return undefined;
  }
}

/** Go's truth: neither zero, nor empty, nor nil. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? value instanceof Fields || Object.keys(value).length > 0 : true;
}

/** How an action prints a value: as fmt's `%v`, and `<no value>` for what is not there. */
export function print(value: Value): string {
  return value === undefined || value === null ? '<no value>' : format(value);
}

/** fmt's `%v`. */
export function format(value: Value): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(format).join(' ')}]`;
  if (value instanceof Unknown) return '';
  if (value instanceof Fields) throw new Error('name the component and the field');
  const entries = Object.entries(value as Readonly<Record<string, Value>>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, member]) => `${key}:${format(member)}`).join(' ')}]`;
}

/** Go's `%v` of a float64: the shortest form, with an exponent below 1e-4 and from 1e21 on. */
function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

/** Text of a value that has to be text. */
export function text(value: Value): string {
  return value === undefined || value === null ? '' : format(value);
}

/** What `range` goes over: keys (or indexes) and elements, maps by sorted key. `undefined` for what it can't. */
export function pairsOf(value: Value): readonly (readonly [Value, Value])[] | undefined {
  if (value === null || value === undefined) return [];
  if (value instanceof Unknown) return [[value, value]];
  if (Array.isArray(value)) return value.map((element, index) => [index, element] as const);
  if (typeof value === 'number' && Number.isInteger(value)) {
    return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index] as const);
  }
  if (typeof value !== 'object' || value instanceof Fields) return undefined;
  return Object.entries(value as Readonly<Record<string, Value>>).sort(([a], [b]) => (a < b ? -1 : 1));
}
