import { AtmosError } from '../engine/index.ts';
import { checkApprover, type LedgerRecord } from '../tracking/index.ts';
import { newRecord } from './record.ts';
import { findRelease, loadRelease } from './release.ts';
import { rulesOf } from './rules.ts';
import type { Workspace } from './workspace.ts';

/**
 * Records an approval of a release for its target by whoever Git says is at work.
 * @throws AtmosError `not-an-approver`, `approved-already`, `other-target`, `no-release`
 */
export async function approve(workspace: Workspace, deployment: string, target: string, id: string): Promise<LedgerRecord> {
  const { repository, ledger } = await workspace.tracking();
  const by = await repository.identity();
  const rules = await rulesOf(workspace, deployment, target);
  const { digest, config } = await loadRelease(workspace, await findRelease(workspace, id));
  if (config.deployment !== deployment || config.target !== target) throw otherTarget(id, config.deployment, config.target);
  const { record } = await ledger.append(deployment, target, (state) => {
    checkApprover(by, digest, rules, state);
    return { record: newRecord({ kind: 'approval', deployment, target, release: digest, commit: config.commit, dirty: config.dirty, by }) };
  });
  return record;
}

function otherTarget(id: string, deployment: string, target: string): AtmosError {
  return new AtmosError(`release ${id} is one of ${deployment} for ${target}`, {
    kind: 'invalid',
    code: 'other-target',
    hint: `approve it there: atmos-deployment approve ${deployment} --target ${target} --release ${id}`,
  });
}
