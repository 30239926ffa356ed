import type { Digest } from '../engine/index.ts';
import { upstreamOf } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import { currentComponents, type TargetState, type Wanted } from '../tracking/index.ts';

/** What of a release matters for whether it runs already: layers, and whose outputs they read, by address. */
export type WantedComponents = Readonly<Record<string, Wanted>>;

export function wantedOf({ config }: Release): WantedComponents {
  return Object.fromEntries(
    Object.entries(config.components).map(([address, component]) => [address, { layer: component.layer, upstream: upstreamOf(component) }]),
  );
}

/** Whether a target runs this very release, all of it, as far as its ledger knows. */
export function isRunning(release: Digest, wanted: WantedComponents, state: TargetState): boolean {
  return state.state === 'deployed' && state.release === release && currentComponents(state, wanted).size === Object.keys(wanted).length;
}
