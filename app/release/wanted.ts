import { type Digest, jsonDigest } from '../../engine/index.ts';
import { type Kinds, upstreamOf } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import { currentComponents, type TargetState, type Wanted, type WantedComponents } from '../../tracking/index.ts';

/** What of a release matters for whether it runs already, by address. */
export function wantedOf(kinds: Kinds, release: Release): WantedComponents {
  return Object.fromEntries(
    Object.entries(release.config.components).map(([address, component]): [string, Wanted] => [
      address,
      { layer: component.layer, settings: settingsDigest(kinds, release, address), upstream: upstreamOf(component) },
    ]),
  );
}

/** The digest of all that decides what is applied and is in no layer: environment, workspace, backend type, command, image, names of secrets. */
export function settingsDigest(kinds: Kinds, { config }: Release, address: string): Digest {
  // What nodes may use, and whether it may be touched, decides nothing of what is applied.
  const component = config.components[address];
  const { limits: _limits, locked: _locked, ...settings } = component?.settings ?? {};
  const name = kinds[component?.kind ?? '']?.rollout?.image(settings);
  const image = name === undefined ? null : (config.images[name]?.digest ?? null);
  return jsonDigest({ settings, image, secrets: Object.keys(config.secrets).sort() });
}

/** Whether a target runs this very release, all of it, as far as its ledger knows. */
export function isRunning(release: Digest, wanted: WantedComponents, state: TargetState): boolean {
  return (
    state.intent === null &&
    state.last?.complete === true &&
    state.release === release &&
    currentComponents(state, wanted).size === Object.keys(wanted).length
  );
}
