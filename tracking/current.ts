import type { Digest } from '../engine/index.ts';
import type { TargetState } from './types.ts';

/** A component of a release, as far as it matters for whether it runs already. */
export interface Wanted {
  readonly layer: Digest;
  /** The components whose outputs it reads. */
  readonly upstream: readonly string[];
}

/**
 * The components that run already just as the release has them: the same layer, applied with the outputs that what it reads of has now,
 * and not touched by an intent whose outcome is unknown. What reads of a component that is not current is not current either.
 */
export function currentComponents(state: TargetState, wanted: Readonly<Record<string, Wanted>>): ReadonlySet<string> {
  const verdicts = new Map<string, boolean>();
  const isCurrent = (address: string): boolean => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    // Dependencies have no loops; this stands only while the component's own verdict is being found.
    verdicts.set(address, false);
    const component = wanted[address];
    const running = state.components[address];
    const current =
      component !== undefined &&
      running !== undefined &&
      running.layer === component.layer &&
      !state.open.includes(address) &&
      component.upstream.every((from) => {
        const outputs = state.components[from]?.outputs;
        // Secret outputs have no digest: then nothing says that they changed but that their component was applied again.
        return isCurrent(from) && outputs !== undefined && running.upstream[from] === outputs;
      });
    verdicts.set(address, current);
    return current;
  };
  return new Set(Object.keys(wanted).filter(isCurrent));
}
