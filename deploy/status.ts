import { declaredComponents, listDeployments, loadDeployment, type PromotionPolicy, promotionPolicies } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import { orphansOf, type TargetState } from '../tracking/index.ts';
import type { Workspace } from './workspace.ts';

/** A target as its ledger has it, beside what its file says. */
export interface TargetStatus {
  readonly state: TargetState;
  /** Whether a deployment file still declares it. */
  readonly declared: boolean;
  readonly policy: PromotionPolicy | undefined;
  /** Components that run and are no longer declared, sorted. */
  readonly orphans: readonly string[];
}

export interface DeploymentStatus {
  readonly deployment: string;
  readonly targets: readonly TargetStatus[];
}

/**
 * What runs where, of one deployment or of all: also of those whose deployment, or target, no file declares any more.
 * @throws AtmosError `unknown-deployment` when neither a file nor a ledger has it
 */
export async function statusOf(workspace: Workspace, name: string | undefined): Promise<readonly DeploymentStatus[]> {
  if (name !== undefined) return [await statusOfDeployment(workspace, name)];
  const { ledger } = await workspace.tracking();
  const declared = (await listDeployments(workspace.files, workspace.project, workspace.cache)).map((found) => found.name);
  const others = (await ledger.deployments()).filter((found) => !declared.includes(found));
  return Promise.all([...declared, ...others].map((deployment) => statusOfDeployment(workspace, deployment)));
}

/** @throws AtmosError `unknown-deployment` */
export async function statusOfDeployment(workspace: Workspace, deployment: string): Promise<DeploymentStatus> {
  const { ledger } = await workspace.tracking();
  const { files, project, cache } = workspace;
  const unknown: AtmosError[] = [];
  const found = await loadDeployment(files, project, deployment, cache).catch((error: unknown) => {
    if (!(error instanceof AtmosError) || error.code !== 'unknown-deployment') throw error;
    unknown.push(error);
    return undefined;
  });
  const states = await ledger.states(deployment, found?.targets ?? []);
  if (found === undefined && states.length === 0) throw unknown[0] ?? new TypeError(deployment);
  const policies = found === undefined ? {} : promotionPolicies(found);
  const addresses = found === undefined ? [] : declaredComponents(found);
  return {
    deployment,
    targets: states
      .filter((state) => found?.targets.includes(state.target) === true || state.state !== 'destroyed')
      .map((state) => {
        const declared = found?.targets.includes(state.target) === true;
        const orphans = declared
          ? [...new Set([...orphansOf(state, addresses), ...state.orphans])].sort()
          : Object.keys(state.components).sort();
        return { state, declared, policy: policies[state.target], orphans };
      }),
  };
}
