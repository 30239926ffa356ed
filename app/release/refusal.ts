import { AtmosError } from '../../engine/index.ts';
import type { Release } from '../../releases/index.ts';
import { type Candidate, checkApprovals, checkPromotion, type Person, type TargetState } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { refuseForgotten } from './forgotten.ts';
import { artifactsOf } from './release.ts';
import type { Situation } from './situation.ts';

export function candidateOf(release: Release): Candidate {
  const { deployment, target, dirty } = release.config;
  return { deployment, target, release: release.digest, artifacts: artifactsOf(release), dirty };
}

/**
 * Why a rollout of a release would be refused now, though it can be planned: its way to the target, approvals that it lacks, or what
 * it would forget. `who` is asked where that matters.
 */
export async function refusalOf(
  workspace: Workspace,
  { rules, sources }: Situation,
  release: Release,
  state: TargetState,
  who: () => Promise<Person>,
): Promise<AtmosError | undefined> {
  const candidate = candidateOf(release);
  try {
    if (!state.ran.some((ran) => ran.release === release.digest)) checkPromotion(candidate, rules, sources);
    await refuseForgotten(workspace, release, state);
    if (rules.approvals > 0) checkApprovals({ ...candidate, operation: 'rollout' }, rules, state, await who());
    return undefined;
  } catch (error) {
    if (error instanceof AtmosError && error.kind === 'refused') return error;
    throw error;
  }
}
