import { type LocatedMap, type Merger, mapOf, member } from '../../yaml/index.ts';

/** The kinds whose components Atmos lays `overrides` of files over. */
const OVERRIDDEN = ['terraform', 'helmfile'] as const;

/** What `overrides` sections do to the components of a file and of what it imports. */
export interface Overrides {
  /** By component (`terraform/app`): what was laid over it. */
  readonly reached: ReadonlyMap<string, LocatedMap>;
  /** By kind: what is laid over all that is merged after this file. */
  readonly carried: ReadonlyMap<string, LocatedMap>;
}

/** A file, or several, with their overrides. */
export interface Overridden extends Overrides {
  readonly root: LocatedMap | undefined;
}

export const NONE: Overrides = { reached: new Map(), carried: new Map() };

/**
 * Overrides belong to files: those of a file reach its own components, those of its imports, and whatever is merged after it in the file that imports
 * it. What was merged before stays as it is.
 */
export function combineOverrides(imports: readonly Overridden[], own: LocatedMap, merger: Merger): Overrides {
  const mine = overridesOf(own, merger);
  if (mine.size === 0 && imports.every(({ reached, carried }) => reached.size === 0 && carried.size === 0)) return NONE;
  const reached = new Map<string, LocatedMap>();
  const carried = new Map<string, LocatedMap>();
  const reach = (address: string, layers: readonly (LocatedMap | undefined)[]): void => {
    const merged = merger.all([reached.get(address), ...layers]);
    if (merged !== undefined) reached.set(address, merged);
  };
  const carry = (more: ReadonlyMap<string, LocatedMap>): void => {
    for (const [kind, section] of more) carried.set(kind, merger.all([carried.get(kind), section]) ?? section);
  };
  const imported = new Map<string, string>();
  for (const one of imports) {
    for (const [address, kind] of addressesIn(one.root)) {
      imported.set(address, kind);
      reach(address, [carried.get(kind), one.reached.get(address)]);
    }
    carry(one.carried);
  }
  carry(mine);
  const here = addressesIn(own);
  for (const [address, kind] of here) reach(address, [carried.get(kind)]);
  for (const [address, kind] of imported) if (!here.has(address)) reach(address, [mine.get(kind)]);
  return { reached, carried };
}

/** The file's own, by kind: those of the kind over those for all. */
function overridesOf(root: LocatedMap, merger: Merger): ReadonlyMap<string, LocatedMap> {
  const all = mapOf(member(root, 'overrides'), '"overrides"');
  const found = OVERRIDDEN.flatMap((kind) => {
    const section = merger.all([all, mapOf(member(mapOf(member(root, kind), `"${kind}"`), 'overrides'), `"${kind}.overrides"`)]);
    return section === undefined ? [] : [[kind, section] as const];
  });
  return new Map(found);
}

function addressesIn(root: LocatedMap | undefined): ReadonlyMap<string, string> {
  const components = mapOf(member(root, 'components'), '"components"');
  const found = new Map<string, string>();
  for (const [kind, { value }] of components?.entries ?? []) {
    for (const name of mapOf(value, `"components.${kind}"`)?.entries.keys() ?? []) found.set(`${kind}/${name}`, kind);
  }
  return found;
}
