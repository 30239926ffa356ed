import { existsSync, readdirSync } from 'node:fs';
import type { Digest } from '../engine/index.ts';
import { orphansOf, type TargetState, type WantedComponents } from '../tracking/index.ts';
import { runsAlready } from './known-release.ts';
import type { SavedPlan } from './saved-plan.ts';
import type { RunSettings } from './session.ts';
import { rescuedState, stateDirectory } from './state-file.ts';
import type { Changed } from './target-change.ts';
import { untouched } from './untouched.ts';
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
  /** Destroy components that run and are no longer declared. */
  readonly prune: boolean;
  /** Say what would be run, and run none of it. */
  readonly dryRun: boolean;
  /** Apply what this plan says, and nothing else. */
  readonly saved: SavedPlan | undefined;
}

/**
 * Brings a release to its target and records it. Where the target runs already what the commit makes, that is found out without loading, reading or
 * running anything else.
 * @throws AtmosError what `rolloutNow` throws
 */
export async function rollout(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<Changed> {
  const { deployment, target } = request;
  if (isPlain(request)) {
    const known = await runsAlready(workspace, deployment, target, request.prune);
    if (known !== undefined && isSettled(workspace, known.state)) {
      // The last command may have been killed when all was done but this.
      workspace.store.sweep();
      return nothingToDo(known.state, known.release, known.wanted, false);
    }
  }
  return (await import('./rollout-now.ts')).rolloutNow(workspace, request, settings);
}

/** Whether no killed command of this clone has left anything that has to be dealt with first. */
function isSettled(workspace: Workspace, { deployment, target, components }: TargetState): boolean {
  const { runsRoot } = workspace;
  if (existsSync(runsRoot) && readdirSync(runsRoot).length > 0) return false;
  return !Object.keys(components).some((address) => existsSync(rescuedState(workspace, stateDirectory(deployment, target, address))));
}

/** Whether the commit that is checked out is meant, just as it is. */
function isPlain({ promoteFrom, release, allowDirty, all, component, saved }: RolloutRequest): boolean {
  return saved === undefined && promoteFrom === undefined && release === undefined && component === undefined && !allowDirty && !all;
}

/** The answer where the target runs this very release: what would be recorded, and is not. */
export function nothingToDo(state: TargetState, release: Digest, wanted: WantedComponents, ran: boolean): Changed {
  const { deployment, target } = state;
  const components = Object.entries(wanted).map(([address, own]) => [address, untouched('up-to-date', release, own)] as const);
  const orphans = orphansOf(state, Object.keys(wanted));
  const answer = {
    deployment,
    target,
    release,
    components: Object.fromEntries(components),
    orphans,
    record: undefined,
    plans: {},
    warnings: {},
  };
  return { ...answer, failure: undefined, ran };
}
