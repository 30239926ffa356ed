import { isBusy } from '../containers/index.ts';
import type { LedgerRecord } from '../tracking/index.ts';
import { newRecord } from './record.ts';
import type { Workspace } from './workspace.ts';

/** Takes a target's lock away, whoever holds it, and records that. `undefined` when nobody held it. */
export async function unlockTarget(workspace: Workspace, deployment: string, target: string): Promise<LedgerRecord | undefined> {
  const { repository, ledger, locks } = await workspace.tracking();
  const by = await repository.identity();
  const { found, owner } = await locks.force(deployment, target);
  if (!found) return undefined;
  if (await isBusy(workspace.runsRoot, `${deployment}/${target}`)) {
    workspace.warn(
      `what an earlier command of this clone had begun in ${deployment}/${target} may still run: whoever deploys there now works beside it`,
    );
  }
  const reason =
    owner === undefined
      ? 'it held nothing that could be read'
      : `taken from ${owner.by.email} on ${owner.host}, who held it since ${owner.acquired}`;
  const { record } = await ledger.append(deployment, target, (state) => ({
    record: newRecord({ kind: 'unlock', deployment, target, release: state.release, commit: state.commit, dirty: false, by }, { reason }),
  }));
  return record;
}
