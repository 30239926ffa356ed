import { hasRuns, settleEffects } from '../../containers/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
import type { TargetState } from '../../tracking/index.ts';
import { refuseRescued } from '../states/local-state.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { keepRescued, RESCUED } from './rescue.ts';

/**
 * What an earlier command had started before it was killed runs to its end first: then Terraform's state says what became of it. To be called by whoever
 * holds the lock. Whether a state was rescued.
 */
export async function settleEarlier(workspace: Workspace, { deployment, target }: TargetRef, signal: AbortSignal): Promise<boolean> {
  const { runsRoot, warn } = workspace;
  let rescued = false;
  const found = await settleEffects(runsRoot, `${deployment}/${target}`, signal, async ({ effect, output }) => {
    const state = await output(RESCUED);
    if (state !== undefined) keepRescued(workspace, effect, state);
    rescued ||= state !== undefined;
  });
  if (found.length > 0)
    warn(
      `waited for operations that an earlier command had started: ${found.map((name) => name.split('/').slice(2).join('/')).join(', ')}`,
    );
  return rescued;
}

/**
 * Looks at what a killed command of this clone left, where somebody else went on from its intent meanwhile: a state that it could not write is known to
 * nobody else.
 * @throws AtmosError `state-rescued`
 */
export async function settleSuperseded(workspace: Workspace, state: TargetState, signal: AbortSignal): Promise<void> {
  const { deployment, target, intent } = state;
  if (intent === null && (await hasRuns(workspace.runsRoot, `${deployment}/${target}`))) {
    const { repository, locks } = await workspace.tracking();
    // Whoever holds the lock is at work in this clone, and looks at it.
    const lock = await locks.acquire({ deployment, target }, await repository.identity()).catch((error: unknown) => {
      if (error instanceof AtmosError && error.code === 'locked') return undefined;
      throw error;
    });
    try {
      if (lock !== undefined) await settleEarlier(workspace, { deployment, target }, signal);
    } finally {
      await lock?.release();
    }
  }
  refuseRescued(workspace, state);
}
