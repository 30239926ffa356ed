import type { Document, Entry, Located, LocatedMap, Place } from './located.ts';
import { Float, float } from './numbers.ts';
import type { Scalar } from './scalar.ts';

/**
 * A parsed value as JSON without names: `[offset, length, tag or 0, …]`, then for a scalar its value; for a list `1` and its items; for a map `2` and
 * for each key its offset, length, name and value. The file's own text is not in it.
 */
type Compact = readonly [offset: number, length: number, tag: string | 0, kind: 0 | 1 | 2, ...rest: readonly unknown[]];

/** Values that are used in many places by anchors are written out in each: where that is more than this, nothing is kept. */
const MOST_VALUES = 500_000;

/** `undefined` when it would grow out of bounds. */
export function compact(value: Located): string | undefined {
  let count = 0;
  const write = (one: Located): Compact => {
    count += 1;
    if (count > MOST_VALUES) throw new RangeError('too many values');
    const head = [one.at.offset, one.at.length, one.tag ?? 0] as const;
    switch (one.kind) {
      case 'scalar':
        return [...head, 0, writeScalar(one.value)];
      case 'list':
        return [...head, 1, ...one.items.map(write)];
      case 'map':
        return [
          ...head,
          2,
          ...[...one.entries].flatMap(([key, { keyAt, value: entry }]) => [keyAt.offset, keyAt.length, key, write(entry)]),
        ];
      case 'layers':
        throw new TypeError('a file has no layers');
      default:
        return one satisfies never;
    }
  };
  try {
    return JSON.stringify(write(value));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What JSON has no numbers for is a text in a list, with what it is. */
type CompactScalar = null | boolean | number | string | readonly ['i' | 'f', string];

function writeScalar(value: Scalar): CompactScalar {
  if (typeof value === 'bigint') return ['i', String(value)];
  if (value instanceof Float) return ['f', String(value.value)];
  return typeof value === 'number' && !Number.isFinite(value) ? ['f', String(value)] : value;
}

function readScalar(value: CompactScalar): Scalar {
  if (!Array.isArray(value)) return value as Exclude<CompactScalar, readonly ['i' | 'f', string]>;
  return value[0] === 'i' ? BigInt(value[1]) : float(Number(value[1]));
}

/** What `compact` wrote, with its places in a document of the same content. */
export function restore(text: string, document: Document): Located {
  const place = (offset: number, length: number): Place => ({ document, offset, length });
  const read = (from: Compact): Located => {
    const [offset, length, name, kind] = from;
    const at = place(offset, length);
    const tag = name === 0 ? undefined : name;
    if (kind === 0) return { kind: 'scalar', value: readScalar(from[4] as CompactScalar), tag, at };
    if (kind === 1) return { kind: 'list', items: (from.slice(4) as Compact[]).map(read), tag, at };
    return { kind: 'map', entries: entriesOf(from), tag, at };
  };
  const entriesOf = (from: Compact): LocatedMap['entries'] => {
    const entries = new Map<string, Entry>();
    for (let index = 4; index < from.length; index += 4) {
      const keyAt = place(from[index] as number, from[index + 1] as number);
      entries.set(from[index + 2] as string, { keyAt, value: read(from[index + 3] as Compact) });
    }
    return entries;
  };
  // Written by `compact`, and verified by the cache.
  return read(JSON.parse(text) as Compact);
}
