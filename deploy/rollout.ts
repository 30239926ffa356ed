import type { Digest } from '../engine/index.ts';
import type { WantedComponents } from './current.ts';
import { runsAlready } from './known-release.ts';
import type { RunSettings } from './session.ts';
import type { Undertaken } from './undertake.ts';
import type { Workspace } from './workspace.ts';

export interface RolloutRequest {
  readonly deployment: string;
  readonly target: string;
  /** Take what this target runs. */
  readonly promoteFrom: string | undefined;
  /** Take this release: a digest, or the beginning of one. */
  readonly release: string | undefined;
  readonly allowDirty: boolean;
  /** Run every component, also those that are up to date. */
  readonly all: boolean;
  /** Run this component alone, whether or not it is up to date. */
  readonly component: string | undefined;
  /** Say what would be run, and run none of it. */
  readonly dryRun: boolean;
}

/**
 * Brings a release to its target and records it. Where the target runs already what the commit makes, that is found out without loading, reading or
 * running anything else.
 * @throws AtmosError what `rolloutNow` throws
 */
export async function rollout(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<Undertaken> {
  const { deployment, target } = request;
  if (isPlain(request)) {
    const known = await runsAlready(workspace, deployment, target);
    if (known !== undefined) {
      // The last command may have been killed when all was done but this.
      workspace.store.sweep();
      return nothingToDo(deployment, target, known.release, known.wanted, false);
    }
  }
  return (await import('./rollout-now.ts')).rolloutNow(workspace, request, settings);
}

/** Whether the commit that is checked out is meant, just as it is. */
function isPlain({ promoteFrom, release, allowDirty, all, component }: RolloutRequest): boolean {
  return promoteFrom === undefined && release === undefined && component === undefined && !allowDirty && !all;
}

/** The answer where the target runs this very release: what would be recorded, and is not. */
export function nothingToDo(deployment: string, target: string, release: Digest, wanted: WantedComponents, ran: boolean): Undertaken {
  const components = Object.entries(wanted).map(
    ([address, { layer }]) => [address, { action: 'up-to-date', layer, changes: null, error: null }] as const,
  );
  return { deployment, target, release, components: Object.fromEntries(components), record: undefined, plans: {}, failure: undefined, ran };
}
