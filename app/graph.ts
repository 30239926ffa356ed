import { loadDeployment, promotionPolicies, resolve } from '../config/index.ts';
import type { TargetRef } from '../engine/index.ts';
import { targetOf, worktreeOptions } from './workspace/revision.ts';
import type { Workspace } from './workspace/workspace.ts';

/** What of a deployment waits for what: components of a target, and targets for their promotions. */
export interface DeploymentGraph extends TargetRef {
  readonly targets: readonly { readonly name: string; readonly from: readonly string[]; readonly approvals: number }[];
  readonly components: readonly { readonly address: string; readonly dependsOn: readonly string[] }[];
}

/** @throws AtmosError what is wrong in the configuration */
export async function graphOf(workspace: Workspace, name: string, asked: string | undefined): Promise<DeploymentGraph> {
  const target = await targetOf(workspace, name, asked);
  const deployment = await loadDeployment(workspace, name);
  const scope = await resolve(workspace, deployment, target, worktreeOptions(workspace));
  return {
    deployment: name,
    target,
    targets: Object.entries(promotionPolicies(deployment)).map(([one, { from, approvals }]) => ({ name: one, from, approvals })),
    components: Object.values(scope.components).map(({ address, dependsOn }) => ({ address, dependsOn })),
  };
}
