import type { Entry, Located, LocatedMap, LocatedScalar } from '../../yaml/index.ts';
import { templateData } from '../templates/template-data.ts';

/** Changes every scalar of a value, and every key as the text that it is. */
export function mapScalars(value: Located, change: (scalar: LocatedScalar) => Located): Located {
  const named = (key: string): string => {
    if (!key.includes('{{')) return key;
    return String(templateData(change({ kind: 'scalar', value: key, tag: undefined, at: value.at })));
  };
  switch (value.kind) {
    case 'map':
      return mapEntries(value, (_, entry) => mapScalars(entry, change), named);
    case 'list':
      return { ...value, items: value.items.map((item) => mapScalars(item, change)) };
    case 'scalar':
      return change(value);
    case 'layers':
      return value;
    default:
      return value satisfies never;
  }
}

/** A map with its values, and perhaps its keys, changed. */
export function mapEntries(
  map: LocatedMap,
  change: (key: string, value: Located) => Located,
  name = (key: string): string => key,
): LocatedMap {
  const entries = new Map<string, Entry>();
  for (const [key, { keyAt, value }] of map.entries) entries.set(name(key), { keyAt, value: change(key, value) });
  return { ...map, entries };
}

/** A map without one of its keys. */
export function withoutKey<T extends Located>(value: T, key: string): T {
  if (value.kind !== 'map' || !value.entries.has(key)) return value;
  const entries = new Map(value.entries);
  entries.delete(key);
  return { ...value, entries };
}
