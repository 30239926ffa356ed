import {
  declaredComponents,
  listDeployments,
  loadDeployment,
  type PromotionPolicy,
  promotionPolicies,
  suggestion,
} from '../../config/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
import { type LockOwner, orphansOf, type TargetState } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { hasUnrecorded } from './unrecorded.ts';

/** A target as its ledger has it, beside what its file says. */
export interface TargetStatus {
  readonly state: TargetState;
  /** Whether a deployment file still declares it. */
  readonly declared: boolean;
  readonly policy: PromotionPolicy | undefined;
  /** Components that run and are no longer declared, sorted. */
  readonly orphans: readonly string[];
  /** Whether this clone did something here that is not recorded yet. */
  readonly unrecorded: boolean;
  /** Who is at work there; `undefined` where nobody is, also where somebody was interrupted. */
  readonly holder: LockOwner | undefined;
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
  const declared = (await listDeployments(workspace)).map((found) => found.name);
  const others = (await ledger.deployments()).filter((found) => !declared.includes(found));
  const all = await Promise.all(
    [...declared, ...others].map((deployment) =>
      statusOfDeployment(workspace, deployment).catch((error: unknown) => broken(workspace, deployment, error)),
    ),
  );
  return all.filter((one) => one !== undefined);
}

/** @throws AtmosError `unknown-deployment` */
export async function statusOfDeployment(workspace: Workspace, deployment: string, { all = false } = {}): Promise<DeploymentStatus> {
  const { ledger } = await workspace.tracking();
  const { files, project, cache } = workspace;
  const wrong: AtmosError[] = [];
  const found = await loadDeployment({ files, project, cache }, deployment).catch((error: unknown) => {
    if (!(error instanceof AtmosError)) throw error;
    wrong.push(error);
    return undefined;
  });
  const states = await ledger.states(deployment, found?.targets ?? []);
  const [error] = wrong;
  // A file that does not hold says nothing of what runs; the ledger does.
  const isBroken = error !== undefined && error.code !== 'unknown-deployment';
  if (error !== undefined && states.length === 0) throw error;
  if (isBroken) workspace.warn(`${deployment}: ${placeOf(error)}${error.message} (this is what its ledger has)`);
  const policies = found === undefined ? {} : promotionPolicies(found);
  const addresses = found === undefined ? [] : declaredComponents(found);
  const shown = states.filter(({ target, state }) => all || found?.targets.includes(target) === true || state !== 'destroyed');
  const targets = shown.map(async (state): Promise<TargetStatus> => {
    const { target } = state;
    const declared = isBroken || found?.targets.includes(target) === true;
    const orphans = isBroken
      ? state.orphans
      : declared
        ? [...orphansOf(state, addresses), ...state.orphans]
        : Object.keys(state.components);
    const holder = state.intent === null ? undefined : await holderOf(workspace, { deployment, target });
    const unrecorded = hasUnrecorded(workspace, { deployment, target });
    return { state, declared, policy: policies[target], orphans: [...new Set(orphans)].sort(), unrecorded, holder };
  });
  return { deployment, targets: await Promise.all(targets) };
}

/** One file that does not hold keeps nobody from knowing of the others. */
function broken(workspace: Workspace, deployment: string, error: unknown): undefined {
  if (!(error instanceof AtmosError) || error.kind !== 'invalid') throw error;
  workspace.warn(`${deployment}: ${placeOf(error)}${error.message}`);
}

function placeOf({ position }: AtmosError): string {
  return position === undefined ? '' : `${position.file}:${position.line}:${position.column} `;
}

/** A remote that can't be asked says nothing of who is at work: that it can't was said before. */
async function holderOf(workspace: Workspace, { deployment, target }: TargetRef): Promise<LockOwner | undefined> {
  const { locks } = await workspace.tracking();
  return locks.holder({ deployment, target }).catch((error: unknown) => {
    if (error instanceof AtmosError && (error.code === 'remote-unreachable' || error.code === 'unknown-version')) return undefined;
    throw error;
  });
}

/** @throws AtmosError `unknown-target` when neither a file nor a ledger has it; `unknown-deployment` */
export async function requireTarget(workspace: Workspace, { deployment, target }: TargetRef): Promise<void> {
  const { targets } = await statusOfDeployment(workspace, deployment, { all: true });
  const names = targets.map(({ state }) => state.target);
  if (names.includes(target)) return;
  throw new AtmosError(`deployment "${deployment}" has no target "${target}"`, {
    kind: 'invalid',
    code: 'unknown-target',
    hint: suggestion(target, names, 'targets'),
  });
}
