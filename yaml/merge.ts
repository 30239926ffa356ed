import type { Entry, Located, LocatedList, LocatedMap } from './located.ts';

/** `settings.list_merge_strategy` of atmos.yaml: what a list over a list gives. */
export const LIST_STRATEGIES = ['replace', 'append', 'merge'] as const;
export type ListStrategy = (typeof LIST_STRATEGIES)[number];

/** A list with this tag is added to the one before it, whatever the strategy, as long as both are of one section in files that import one another. */
export const APPEND = '!append';

/** Merges located values deeply, the later over the earlier. */
export interface Merger {
  /**
   * Maps key by key; lists as the strategy says; anything else replaces. Every leaf keeps the place that it was written at. Neither argument is
   * changed; what is not merged is shared.
   */
  merge(base: Located | undefined, over: Located | undefined): Located | undefined;
  /** All of them, in order. */
  all(maps: readonly (LocatedMap | undefined)[]): LocatedMap | undefined;
}

/** What was replaced by what. */
export type History = Map<Located, Located>;

export interface MergeOptions {
  /** `!append` counts. */
  readonly appends?: boolean;
  /** Where a YAML function is to be merged with a map or a list, both are kept until it has run; else the later replaces the earlier. */
  readonly defers?: boolean;
  /** Noted here, if it is given. */
  readonly history?: History | undefined;
}

export function merger(strategy: ListStrategy, { appends = false, defers = false, history }: MergeOptions = {}): Merger {
  const merge: Merger['merge'] = (base, over) => {
    if (base === undefined) return over;
    if (over === undefined) return base;
    if (base.kind === 'map' && over.kind === 'map') return maps(base, over);
    if (base.kind === 'list' && over.kind === 'list') return lists(base, over);
    if (defers && ((isOpen(base) && !isPlainScalar(over)) || (isOpen(over) && !isPlainScalar(base)))) {
      return { kind: 'layers', layers: [...layersOf(base), ...layersOf(over)], at: over.at };
    }
    // As in Atmos, null does not take a function's value away.
    if (defers && isOpen(base) && over.kind === 'scalar' && over.tag === undefined && over.value === null) return base;
    if (base !== over) history?.set(over, base);
    return over;
  };
  const maps = (base: LocatedMap, over: LocatedMap): LocatedMap => {
    if (over.entries.size === 0) return base;
    if (base.entries.size === 0) return over;
    const entries = new Map<string, Entry>(base.entries);
    for (const [key, entry] of over.entries) {
      const before = entries.get(key);
      const value = merge(before?.value, entry.value);
      entries.set(key, value === undefined || value === entry.value ? entry : { keyAt: entry.keyAt, value });
    }
    return { kind: 'map', entries, tag: over.tag, at: over.at };
  };
  const lists = (base: LocatedList, over: LocatedList): LocatedList => {
    if (strategy === 'append' || (appends && over.tag === APPEND)) {
      return over.items.length === 0 ? base : { ...over, tag: base.tag, items: [...base.items, ...over.items] };
    }
    if (strategy === 'merge') return byIndex(base, over);
    if (base !== over) history?.set(over, base);
    return over;
  };
  /** Maps at one index are merged; of anything else the base counts. */
  const byIndex = (base: LocatedList, over: LocatedList): LocatedList => {
    if (over.items.length === 0) return base;
    const merged = base.items.map((item, index) => {
      const other = over.items[index];
      return item.kind === 'map' && other?.kind === 'map' ? maps(item, other) : item;
    });
    return { ...over, items: [...merged, ...over.items.slice(base.items.length)] };
  };
  return {
    merge,
    all: (all) =>
      all.reduce<LocatedMap | undefined>(
        (merged, next) => (merged === undefined ? next : next === undefined ? merged : maps(merged, next)),
        undefined,
      ),
  };
}

/** YAML functions whose values are merged when they have run; others stand for what is written, or have run when files are read. */
const DEFERRED = ['!template', '!terraform.output', '!terraform.state', '!store', '!exec', '!env', '!labels', '!tags'];

/** Whether a value is known only when YAML functions have run. */
function isOpen(value: Located): boolean {
  if (value.kind === 'layers') return true;
  const text = value.kind !== 'scalar' ? undefined : (value.tag ?? value.value);
  return typeof text === 'string' && text.startsWith('!') && DEFERRED.some((name) => text.startsWith(name));
}

function isPlainScalar(value: Located): boolean {
  return value.kind === 'scalar' && !isOpen(value);
}

function layersOf(value: Located): readonly Located[] {
  return value.kind === 'layers' ? value.layers : [value];
}

const replacing = merger('replace');

/** Deep merge where a list replaces the one before it. */
export const mergeLocated = replacing.merge;
export const mergeAll = replacing.all;
