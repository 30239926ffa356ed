import { Float, formatNumber, type GoNumber, isNumber, numberType } from '../../yaml/index.ts';

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

/** A method of a value, or a function of a namespace. */
export type Method = (...args: Value[]) => Value;

/** A value of a type of its own, with fields and methods: a time, a version, the functions below a name. */
export abstract class Opaque {
  /** Go's name of the type. */
  abstract readonly type: string;
  /** Go's `%v`. */
  abstract print(): string;
  /** A field or a method; `undefined` when it has none of that name. */
  abstract member(name: string): Value | Method;
  /** What it has, as far as that is known. */
  names(): readonly string[] {
    return [];
  }
}

/** A number with a fraction that no double holds: it passes through as it is. */
export class Decimal extends Opaque {
  readonly type = 'float64';
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  print(): string {
    return this.text;
  }
  member(): undefined {
    return undefined;
  }
}

/** What templates compute with. `undefined` is what a missing key gives. */
export type Value = undefined | null | boolean | GoNumber | string | readonly Value[] | { readonly [key: string]: Value } | Fields | Opaque;

export type Dict = Readonly<Record<string, Value>>;

export function isDict(value: Value): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Fields) &&
    !(value instanceof Opaque) &&
    !(value instanceof Float)
  );
}

/** The value under a key of a map; `undefined` for a key that it does not have, and of what is no map. */
export function memberOf(value: Value, key: string): Value {
  return isDict(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Go's kinds (package reflect), as far as values have them. */
export type GoKind = 'invalid' | 'bool' | 'int' | 'uint64' | 'float64' | 'string' | 'slice' | 'map' | 'struct';

export function kindOf(value: Value): GoKind {
  if (value === undefined || value === null) return 'invalid';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (isNumber(value)) return numberType(value);
  if (Array.isArray(value)) return 'slice';
  return isDict(value) ? 'map' : 'struct';
}

/** Go's `%T`. */
export function typeOf(value: Value): string {
  const kind = kindOf(value);
  if (kind === 'invalid') return '<nil>';
  if (kind === 'slice') return '[]interface {}';
  if (kind === 'map') return 'map[string]interface {}';
  return value instanceof Opaque ? value.type : kind;
}

/** Go's truth: neither zero, nor empty, nor nil. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '' || value === 0n) return false;
  if (value instanceof Float) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  return isDict(value) ? Object.keys(value).length > 0 : true;
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
  if (isNumber(value)) return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(format).join(' ')}]`;
  if (value instanceof Unknown) return '';
  if (value instanceof Fields) throw new Error('name the component and the field');
  if (value instanceof Opaque) return value.print();
  return `map[${sortedEntries(value as Dict)
    .map(([key, member]) => `${key}:${format(member)}`)
    .join(' ')}]`;
}

/** On maps whose keys are whole numbers, not texts: a map of JavaScript can't tell. */
const WHOLE_KEYS = Symbol('whole keys');

export function withWholeKeys(value: Dict): Dict {
  return Object.defineProperty({ ...value }, WHOLE_KEYS, { value: true });
}

/** The entries of a map in the order in which Go goes over them: by the bytes of their keys, or by number. */
export function sortedEntries(value: Dict): readonly (readonly [string, Value])[] {
  if (WHOLE_KEYS in value) return Object.entries(value).sort(([a], [b]) => Number(a) - Number(b));
  return Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
}

/** As Go compares strings: by their UTF-8 bytes, which is the order of code points. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  // Without surrogates, code units and code points have one order.
  if (!/[\uD800-\uDFFF]/.test(a + b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A text's bytes. Those that are no UTF-8 stand as single surrogates from U+DC80 on. */
export function bytesOf(text: string): Buffer {
  if (!/[\uDC80-\uDCFF]/.test(text)) return Buffer.from(text);
  const parts = text.split(/((?<![\uD800-\uDBFF])[\uDC80-\uDCFF])/);
  return Buffer.concat(
    parts.map((part) => (/^[\uDC80-\uDCFF]$/.test(part) ? Buffer.from([part.charCodeAt(0) - 0xdc00]) : Buffer.from(part))),
  );
}

/** The text of bytes, from which `bytesOf` makes them again. */
export function textOfBytes(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  if (Buffer.from(utf8).equals(bytes)) return utf8;
  return [...bytes].map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
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
  return isDict(value) ? sortedEntries(value) : undefined;
}
