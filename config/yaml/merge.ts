import type { Entry, Located, LocatedMap } from './located.ts';

/**
 * Deep merge, the later over the earlier: maps key by key, anything else replaces. Every leaf keeps the place that it was written at.
 * Neither argument is changed; what is not merged is shared.
 */
export function mergeLocated(base: Located | undefined, over: Located | undefined): Located | undefined {
  if (base === undefined) return over;
  if (over === undefined) return base;
  return base.kind === 'map' && over.kind === 'map' ? mergeMaps(base, over) : over;
}

function mergeMaps(base: LocatedMap, over: LocatedMap): LocatedMap {
  if (over.entries.size === 0) return base;
  if (base.entries.size === 0) return over;
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const before = entries.get(key);
    const value = mergeLocated(before?.value, entry.value);
    entries.set(key, value === undefined || value === entry.value ? entry : { keyAt: entry.keyAt, value });
  }
  return { kind: 'map', entries, tag: over.tag, at: over.at };
}

/** All of them, in order. */
export function mergeAll(maps: readonly (LocatedMap | undefined)[]): LocatedMap | undefined {
  return maps.reduce<LocatedMap | undefined>(
    (merged, next) => (merged === undefined ? next : next === undefined ? merged : mergeMaps(merged, next)),
    undefined,
  );
}
