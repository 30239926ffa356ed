import { existsSync, readdirSync } from 'node:fs';
import type { TargetState } from '../../tracking/index.ts';
import { runsAlready } from '../release/known-release.ts';
import type { RolloutRequest } from '../release/request.ts';
import type { RunSettings } from '../runs/session.ts';
import { rescuedState, stateDirectory } from '../states/state-file.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { nothingToDo } from './nothing-to-do.ts';
import type { Changed } from './target-change.ts';

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
  return !Object.keys(components).some((address) => existsSync(rescuedState(workspace, stateDirectory({ deployment, target }, address))));
}

/** Whether the commit that is checked out is meant, just as it is. */
function isPlain({ promoteFrom, release, allowDirty, all, component, saved }: RolloutRequest): boolean {
  return saved === undefined && promoteFrom === undefined && release === undefined && component === undefined && !allowDirty && !all;
}
