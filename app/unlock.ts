import { hostname } from 'node:os';
import { join } from 'node:path';
import { isBusy } from '../containers/index.ts';
import { AtmosError, type TargetRef } from '../engine/index.ts';
import type { LedgerRecord } from '../tracking/index.ts';
import { approvalOf } from './target/approve.ts';
import { newRecord } from './target/record.ts';
import { append } from './workspace/append.ts';
import type { Workspace } from './workspace/workspace.ts';

/** Takes a target's lock away, whoever holds it, and records that. `undefined` when nobody held it. */
export async function unlockTarget(workspace: Workspace, { deployment, target }: TargetRef): Promise<LedgerRecord | undefined> {
  const { ledger, locks } = await workspace.tracking();
  const checkApproval = await approvalOf(workspace, deployment, target, 'unlock');
  const state = await ledger.state({ deployment, target }).catch((error: unknown) => {
    // A ledger that is damaged keeps nobody locked out, unless it has to say who approved.
    if (checkApproval !== undefined || !(error instanceof AtmosError) || error.code === 'other-owner') throw error;
    return undefined;
  });
  if (state !== undefined) checkApproval?.(state);
  const { found, owner } = await locks.force({ deployment, target });
  if (!found) return undefined;
  const own = workspace.runsRoot;
  // The holder's may be another clone on this machine.
  const theirs = owner?.dir === undefined || owner.host !== hostname() ? own : join(owner.dir, '.atmos/runs');
  for (const root of new Set([own, theirs])) {
    if (!(await isBusy(root, `${deployment}/${target}`))) continue;
    workspace.warn(
      `operations of an earlier command may still be running in ${deployment}/${target} (${root}); deploying now may conflict with them`,
    );
  }
  const reason =
    owner === undefined
      ? 'its content could not be read'
      : `lock removed; held by ${owner.by.email} on ${owner.host} since ${owner.acquired}`;
  return recordUnlock(workspace, { deployment, target }, reason);
}

/** Records that a lock was taken away: which one, and whose it was. */
export async function recordUnlock(
  workspace: Workspace,
  { deployment, target }: { readonly deployment: string; readonly target: string },
  reason: string,
): Promise<LedgerRecord> {
  const { repository } = await workspace.tracking();
  const by = await repository.identity();
  const { record } = await append(workspace, deployment, target, ({ release, commit }) => ({
    record: newRecord({ kind: 'unlock', deployment, target, release, commit, dirty: false, by }, { reason }),
  }));
  return record;
}
