import { currentComponents, type WantedComponents } from './current.ts';
import type { TargetState } from './types.ts';

/** What is to be done with a component of a target. */
export type Operation = 'apply' | 'destroy';

/** What a command does with which components, by address. */
export type Work = ReadonlyMap<string, Operation>;

export interface RolloutChoice {
  /** Every declared component, also those that are current. */
  readonly all: boolean;
  /** This one alone. */
  readonly component: string | undefined;
  /** Destroy what is no longer declared. */
  readonly prune: boolean;
}

/** What a rollout has to do: apply what is not current, and, where that is asked for, destroy what is no longer declared. */
export function rolloutWork(state: TargetState, wanted: WantedComponents, { all, component, prune }: RolloutChoice): Work {
  if (component !== undefined) return new Map([[component, 'apply']]);
  const current = all ? new Set<string>() : currentComponents(state, wanted);
  const applies = Object.keys(wanted).filter((address) => !current.has(address));
  const orphans = prune ? orphansOf(state, Object.keys(wanted)) : [];
  return new Map([...applies.map((address) => [address, 'apply'] as const), ...orphans.map((address) => [address, 'destroy'] as const)]);
}

/** What a destroy has to do: destroy everything in the state, applied, pending, failed or orphaned; or one component. */
export function destroyWork(state: TargetState, component: string | undefined): Work {
  const all = component === undefined ? Object.keys(state.components) : [component];
  return new Map(all.map((address) => [address, 'destroy']));
}

/** What runs, or may run, and depends on a component: sorted. */
export function dependentsOf({ components }: Pick<TargetState, 'components'>, component: string): readonly string[] {
  return Object.entries(components)
    .filter(
      ([address, { dependsOn, upstream }]) =>
        address !== component && (dependsOn.includes(component) || Object.hasOwn(upstream, component)),
    )
    .map(([address]) => address)
    .sort();
}

/** Components in the state that are not declared, sorted. */
export function orphansOf({ components }: Pick<TargetState, 'components'>, declared: readonly string[]): readonly string[] {
  return Object.keys(components)
    .filter((address) => !declared.includes(address))
    .sort();
}

/**
 * What each component of some work waits for: whatever of the work it depends on, also through components that have nothing to run. `edges` says
 * what each depends on; `runs` which of them have something to run.
 */
export function orderOf(
  edges: Readonly<Record<string, readonly string[]>>,
  runs: (address: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  const before = (address: string): readonly string[] => {
    const found = known.get(address);
    if (found !== undefined) return found;
    // Dependencies have no loops.
    known.set(address, []);
    const waits = [...new Set((edges[address] ?? []).flatMap((to) => (runs(to) ? [to] : before(to))))].sort();
    known.set(address, waits);
    return waits;
  };
  return new Map(Object.keys(edges).map((address) => [address, before(address)]));
}

/** The same dependencies, seen from the other end: what depends on each component. */
export function reversed(edges: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  const dependents: Record<string, string[]> = Object.fromEntries(Object.keys(edges).map((address) => [address, []]));
  for (const [address, targets] of Object.entries(edges)) for (const to of targets) dependents[to] = [...(dependents[to] ?? []), address];
  return dependents;
}

/** Dependencies without those that would close a loop: what was applied with releases of different times may say contrary things. */
export function withoutLoops(edges: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  const kept: Record<string, string[]> = {};
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (kept[from] ?? []).some((next) => reaches(next, to, seen));
  };
  for (const address of Object.keys(edges).sort()) {
    for (const to of edges[address] ?? []) {
      if (reaches(to, address)) continue;
      kept[address] ??= [];
      kept[address].push(to);
    }
    kept[address] ??= [];
  }
  return kept;
}
