import { AtmosError, type ErrorKind, isRawNumber, type Json, type Position, rawInteger } from '../engine/index.ts';
import { Float } from './numbers.ts';
import type { Scalar } from './scalar.ts';

/** A text file as it was parsed, for positions in it. */
export interface Document {
  readonly file: string;
  readonly text: string;
}

/** A place in a document: where it begins and how many characters it has. */
export interface Place {
  readonly document: Document;
  readonly offset: number;
  readonly length: number;
}

/** A YAML value that knows where it was written. */
export type Located = LocatedMap | LocatedList | LocatedScalar | LocatedLayers;
export interface LocatedMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly tag?: string | undefined;
  readonly at: Place;
}
export interface Entry {
  readonly keyAt: Place;
  readonly value: Located;
}
export interface LocatedList {
  readonly kind: 'list';
  readonly items: readonly Located[];
  readonly tag?: string | undefined;
  readonly at: Place;
}
export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly value: Scalar;
  /** A YAML function: `!env`, `!terraform.output`. */
  readonly tag: string | undefined;
  readonly at: Place;
}

/** Values some of which are known only when YAML functions have run: the later are merged over the earlier then. */
export interface LocatedLayers {
  readonly kind: 'layers';
  readonly layers: readonly Located[];
  readonly tag?: undefined;
  readonly at: Place;
}

/** The line and column of a place, with the lines around it. */
export function positionOf({ document, offset, length }: Place): Position {
  const { line, column } = lineOf(document, offset);
  const lines = document.text.split('\n');
  const first = Math.max(1, line - 1);
  const end = (lines[line - 1] ?? '').length + 1;
  return {
    file: document.file,
    line,
    column,
    length: Math.max(1, Math.min(length, end - column)),
    excerpt: { first, lines: lines.slice(first - 1, line).map((shown) => shown.replace(/\r$/, '')) },
  };
}

/** Where the lines of a document begin: found once, since every value of a scope asks for its line. */
const lineStarts = new WeakMap<Document, readonly number[]>();

/** Line and column, from 1, of an offset. */
export function lineOf(document: Document, offset: number): { readonly line: number; readonly column: number } {
  let starts = lineStarts.get(document);
  if (starts === undefined) {
    starts = [0, ...[...document.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    lineStarts.set(document, starts);
  }
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

export interface Advice {
  readonly code: string;
  readonly hint?: string | undefined;
  readonly kind?: ErrorKind;
  readonly cause?: unknown;
}

/** An error at a place. */
export function errorAt(place: Place | undefined, message: string, { code, hint, kind = 'invalid', cause }: Advice): AtmosError {
  return new AtmosError(message, { kind, code, hint, cause, position: place === undefined ? undefined : positionOf(place) });
}

/** The value under a key, or `undefined`. */
export function member(value: Located | undefined, key: string): Located | undefined {
  return value?.kind === 'map' ? value.entries.get(key)?.value : undefined;
}

/** A map that must be one, if it is there. `null` counts as empty. @throws AtmosError `wrong-type` */
export function mapOf(value: Located | undefined, what: string): LocatedMap | undefined {
  if (value === undefined || value.kind === 'map') return value;
  if (value.kind === 'scalar' && value.value === null) return undefined;
  throw errorAt(value.at, `${what} must be a map`, { code: 'wrong-type' });
}

/** A text that must be one, if it is there. @throws AtmosError `wrong-type` */
export function textOf(value: Located | undefined, what: string): string | undefined {
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return undefined;
  if (value.kind === 'scalar' && typeof value.value === 'string') return value.value;
  throw errorAt(value.at, `${what} must be a string`, { code: 'wrong-type' });
}

/** The items of a list that must be one, if it is there. @throws AtmosError `wrong-type` */
export function itemsOf(value: Located | undefined, what: string): readonly Located[] {
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return [];
  if (value.kind === 'list') return value.items;
  throw errorAt(value.at, `${what} must be a list`, { code: 'wrong-type' });
}

/** The value without its places; functions are left as their text. */
export function plain(value: Located | undefined): Json {
  if (value === undefined) return null;
  switch (value.kind) {
    case 'scalar':
      return scalarJson(value.value);
    case 'list':
      return value.items.map(plain);
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry.value)]));
    case 'layers':
      return plain(value.layers.at(-1));
    default:
      return value satisfies never;
  }
}

/** A scalar as JSON; a whole number keeps all of its digits. JSON has no infinity, so it is text there. */
export function scalarJson(value: Scalar): Json {
  if (typeof value === 'bigint') return rawInteger(value);
  if (value instanceof Float) return value.value;
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** A value as if it had been written at a place. */
export function locate(value: unknown, at: Place): Located {
  if (value === undefined || value === null) return { kind: 'scalar', value: null, tag: undefined, at };
  if (isRawNumber(value))
    return { kind: 'scalar', value: /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON), tag: undefined, at };
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item: unknown) => locate(item, at)), at };
  if (typeof value !== 'object' || value instanceof Float) return { kind: 'scalar', value: value as Scalar, tag: undefined, at };
  const entries = Object.entries(value);
  return { kind: 'map', entries: new Map(entries.map(([key, entry]) => [key, { keyAt: at, value: locate(entry, at) }])), at };
}

/** The value at a JSON pointer's parts, as far as there is one: the deepest that exists. */
export function deepest(value: Located, parts: readonly string[]): Located {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  const next = value.kind === 'list' ? value.items[Number(part)] : member(value, part);
  return next === undefined ? value : deepest(next, rest);
}
