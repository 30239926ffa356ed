import type { Digest } from '../engine/index.ts';
import { hasOutputs } from './fold.ts';
import type { ComponentState, TargetState } from './types.ts';

/** A component of a release, as far as it matters for whether it runs already. */
export interface Wanted {
  readonly layer: Digest;
  /** Digest of all else that decides what is applied: environment, workspace, backend, command, image, names of secrets. */
  readonly settings: Digest;
  /** The components whose outputs it reads. */
  readonly upstream: readonly string[];
}
export type WantedComponents = Readonly<Record<string, Wanted>>;

/** How a component that is declared, or runs, stands to what is wanted. */
export type Comparison = 'current' | 'new' | 'stale' | 'interrupted' | 'failed' | 'orphaned';

/** Every component that is wanted or runs, compared with what is wanted, and why it is not current. */
export function compareTarget(
  { components }: Pick<TargetState, 'components'>,
  wanted: WantedComponents,
): Readonly<Record<string, { readonly comparison: Comparison; readonly reason: string | null }>> {
  const addresses = [...new Set([...Object.keys(wanted), ...Object.keys(components)])].sort();
  return Object.fromEntries(
    addresses.map((address) => {
      const own = wanted[address];
      if (own === undefined) return [address, { comparison: 'orphaned', reason: 'no longer declared, still running' }];
      return [address, compareOne(address, own, components)];
    }),
  );
}

function compareOne(
  address: string,
  wanted: Wanted,
  components: TargetState['components'],
): { readonly comparison: Comparison; readonly reason: string | null } {
  const running = components[address];
  if (running === undefined) return { comparison: 'new', reason: null };
  if (running.status === 'pending') return { comparison: 'interrupted', reason: 'was interrupted' };
  if (running.status === 'failed') return { comparison: 'failed', reason: 'failed earlier' };
  const reason = staleness(address, running, wanted, components);
  return reason === undefined ? { comparison: 'current', reason: null } : { comparison: 'stale', reason };
}

function staleness(address: string, running: ComponentState, wanted: Wanted, components: TargetState['components']): string | undefined {
  if (running.layer !== wanted.layer) return 'its source or variables changed';
  if (running.settings !== wanted.settings) return 'its environment, workspace, backend, command or image changed';
  const changed = wanted.upstream.filter((from) => !hasOutputs(components, address, from));
  return changed.length === 0 ? undefined : `outputs of ${changed.join(', ')} changed`;
}

/**
 * The components that run already just as the release has them: the same layer and settings, applied with the outputs that what they read of has
 * now. What reads of a component that is not current is not current either: its outputs may change.
 */
export function currentComponents(state: Pick<TargetState, 'components'>, wanted: WantedComponents): ReadonlySet<string> {
  const compared = compareTarget(state, wanted);
  const verdicts = new Map<string, boolean>();
  const isCurrent = (address: string): boolean => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    // Dependencies have no loops; this stands only while the component's own verdict is being found.
    verdicts.set(address, false);
    const current = compared[address]?.comparison === 'current' && (wanted[address]?.upstream ?? []).every(isCurrent);
    verdicts.set(address, current);
    return current;
  };
  return new Set(Object.keys(wanted).filter(isCurrent));
}
