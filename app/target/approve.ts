import { AtmosError, type TargetRef } from '../../engine/index.ts';
import {
  type Approvable,
  type ApprovedOperation,
  approvableNow,
  checkApprovals,
  checkApprover,
  type LedgerRecord,
  type TargetState,
} from '../../tracking/index.ts';
import { findRelease, loadRelease } from '../release/stored.ts';
import { append } from '../workspace/append.ts';
import { rulesIfAny, rulesOf } from '../workspace/rules.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { newRecord } from './record.ts';

/**
 * Records an approval of a release for its target by whoever Git says is at work.
 * @throws AtmosError `not-an-approver`, `approved-already`, `other-target`, `no-release`
 */
export async function approve(workspace: Workspace, { deployment, target }: TargetRef, id: string): Promise<LedgerRecord> {
  const { digest, config } = await loadRelease(workspace, await findRelease(workspace, id));
  if (config.deployment !== deployment || config.target !== target) throw otherTarget(id, config);
  const { commit, dirty } = config;
  return record(workspace, deployment, target, () => ({
    subject: { deployment, target, operation: 'rollout', release: digest },
    of: { release: digest, commit, dirty },
    fields: {},
  }));
}

/**
 * Records an approval of another operation than a rollout, for the target as it is now.
 * @throws AtmosError `not-an-approver`, `approved-already`
 */
export async function approveOperation(
  workspace: Workspace,
  deployment: string,
  target: string,
  operation: Exclude<ApprovedOperation, 'rollout'>,
): Promise<LedgerRecord> {
  return record(workspace, deployment, target, (state) => {
    const subject = approvableNow(operation, state);
    return { subject, of: { release: subject.release, commit: state.commit, dirty: false }, fields: { operation } };
  });
}

interface Approving {
  readonly subject: Approvable;
  readonly of: Pick<LedgerRecord, 'release' | 'commit' | 'dirty'>;
  readonly fields: Partial<LedgerRecord>;
}

async function record(
  workspace: Workspace,
  deployment: string,
  target: string,
  approving: (state: TargetState) => Approving,
): Promise<LedgerRecord> {
  const { repository } = await workspace.tracking();
  const by = await repository.identity();
  const rules = await rulesOf(workspace, { deployment, target });
  const appended = await append(workspace, deployment, target, (state) => {
    const { subject, of, fields } = approving(state);
    checkApprover(by, subject, rules, state);
    return { record: newRecord({ kind: 'approval', deployment, target, by, ...of }, fields) };
  });
  return appended.record;
}

/**
 * What is done to a target whose rollouts need approval needs it too; what is declared nowhere any more has no rules. What is returned is to
 * be asked of the state that it is done to; `undefined` where no approval is needed.
 * @throws AtmosError what `rulesOf` throws; what is returned: `not-approved`
 */
export async function approvalOf(
  workspace: Workspace,
  deployment: string,
  target: string,
  operation: Exclude<ApprovedOperation, 'rollout'>,
): Promise<((state: TargetState) => void) | undefined> {
  const { repository } = await workspace.tracking();
  const [rules, by] = await Promise.all([rulesIfAny(workspace, { deployment, target }), repository.identity()]);
  if (rules === undefined || rules.approvals === 0) return undefined;
  return (state) => void checkApprovals(approvableNow(operation, state), rules, state, by);
}

function otherTarget(id: string, { deployment, target }: TargetRef): AtmosError {
  return new AtmosError(`release ${id} was built for target ${target} of ${deployment}`, {
    kind: 'invalid',
    code: 'other-target',
    hint: `approve it there: atmos-deployment approve ${deployment} --target ${target} --release ${id}`,
  });
}
