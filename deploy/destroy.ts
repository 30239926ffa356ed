import { ledgerRef, lockRef } from '../tracking/index.ts';
import { readLock } from './images.ts';
import { nothingDeployed } from './nothing-deployed.ts';
import { loadRelease } from './release.ts';
import { headCommit, revisionAt } from './revision.ts';
import { type RunSettings, Session } from './session.ts';
import { type Undertaken, undertake } from './undertake.ts';
import type { Workspace } from './workspace.ts';

/**
 * Takes down what a target runs, in reverse order of dependency, and records it.
 * @throws AtmosError `nothing-deployed`, `locked`
 */
export async function destroy(workspace: Workspace, deployment: string, target: string, settings: RunSettings): Promise<Undertaken> {
  const { repository, refs, ledger } = await workspace.tracking();
  const by = await repository.identity();
  const ids = await refs.read([ledgerRef(deployment, target), lockRef(deployment, target)]);
  const state = await ledger.stateIn(deployment, target, ids);
  const running = state.release ?? Object.values(state.components)[0]?.release ?? null;
  if (running === null || Object.keys(state.components).length === 0) {
    throw nothingDeployed(deployment, target);
  }
  const release = await loadRelease(workspace, running);
  const { files } = await revisionAt(workspace, await headCommit(repository));
  const session = new Session(workspace, await readLock(workspace, files, deployment), settings);
  try {
    return await undertake(
      workspace,
      {
        kind: 'destroy',
        purpose: 'destroy',
        release,
        promotedFrom: null,
        by,
        ids,
        scope: undefined,
        initialized: {},
        check: () => undefined,
        choose: (now) => new Set(Object.keys(now.components)),
      },
      session,
      settings,
    );
  } finally {
    await session.close();
  }
}
