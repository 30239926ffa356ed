import { loadDeployment, type PromotionPolicy, promotionPolicies, suggestion } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import type { Rules } from '../tracking/index.ts';
import { headCommit, revisionAt } from './revision.ts';
import type { Workspace } from './workspace.ts';

/** What a target takes and who must approve it, as the commit that is checked out says: what is not committed yet relaxes no rule. */
export async function rulesOf(workspace: Workspace, deployment: string, target: string): Promise<Rules> {
  const { repository } = await workspace.tracking();
  const { files } = await revisionAt(workspace, await headCommit(repository));
  const found = await loadDeployment(files, workspace.project, deployment, workspace.cache).catch(async (error: unknown) => {
    if (error instanceof AtmosError && error.code === 'unknown-deployment') await refuseUncommitted(workspace, deployment);
    throw error;
  });
  const policies = promotionPolicies(found);
  const own = policies[target];
  if (own === undefined) {
    throw new AtmosError(`deployment "${deployment}" has no target "${target}"`, {
      kind: 'invalid',
      code: 'unknown-target',
      hint: suggestion(target, found.targets, 'targets'),
    });
  }
  return rules(own, policies);
}

function rules(own: PromotionPolicy, policies: Readonly<Record<string, PromotionPolicy>>): Rules {
  const { from, approvals, approvers, origin } = own;
  return { from, approvals, approvers, origin, before: Object.fromEntries(from.map((name) => [name, policies[name]?.from[0]])) };
}

/** A deployment that exists, but not in the commit, is refused for that. */
async function refuseUncommitted(workspace: Workspace, deployment: string): Promise<void> {
  const path = `${workspace.project.deployments.basePath}/${deployment}.yaml`;
  if ((await workspace.files.read(path)) === undefined) return;
  throw new AtmosError(`${path} is not committed yet, and a release is made from a commit`, {
    kind: 'refused',
    code: 'dirty-tree',
    hint: `commit it: git add ${path} && git commit`,
  });
}
