import {
  type ConfigFiles,
  type Deployment,
  loadDeployment,
  type Project,
  type PromotionPolicy,
  promotionPolicies,
  type SecretSource,
  suggestion,
  targetSecrets,
} from '../../config/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
import type { Release, ReleaseConfig } from '../../releases/index.ts';
import type { Rules } from '../../tracking/index.ts';
import { asThere, type Policy, policyOf } from './policy.ts';
import { headCommit, projectIn, revisionAt } from './revision.ts';
import type { Workspace } from './workspace.ts';

/** The rules of a target, and where they were read. */
export interface ReadRules extends Rules {
  readonly policy: Policy;
  /** Where the secrets of the target come from, as the policy has it; `undefined` where that does not have the target. */
  readonly secrets: Readonly<Record<string, SecretSource>> | undefined;
}

/**
 * What a target takes and who must approve it: see `policyOf`. A deployment or target that is not there yet has the rules of the commit that is checked out:
 * what is not committed relaxes none.
 * @throws AtmosError `unknown-deployment`, `unknown-target`, what `policyOf` throws
 */
export async function rulesOf(workspace: Workspace, { deployment, target }: TargetRef): Promise<ReadRules> {
  const policy = await policyOf(workspace);
  const there =
    (await asThere(policy.ref, declaredAt(workspace, policy.files, policy.project, deployment))) ??
    // A repository may have several; what its `atmos.yaml` has counts first.
    (workspace.configFile === undefined
      ? undefined
      : await asThere(policy.ref, declaredAt(workspace, policy.files, await projectIn(workspace, policy.files), deployment)));
  const found = there?.targets.includes(target) === true ? there : await declaredHere(workspace, deployment);
  const policies = promotionPolicies(found);
  const own = policies[target];
  if (own === undefined) {
    throw new AtmosError(`deployment "${deployment}" has no target "${target}"`, {
      kind: 'invalid',
      code: 'unknown-target',
      hint: suggestion(target, found.targets, 'targets'),
    });
  }
  return { ...rules(own, policies), policy, secrets: there === found ? targetSecrets(found, target) : undefined };
}

/** The same; `undefined` of a target that is declared nowhere any more. */
export async function rulesIfAny(workspace: Workspace, { deployment, target }: TargetRef): Promise<ReadRules | undefined> {
  return rulesOf(workspace, { deployment, target }).catch((error: unknown) => {
    if (error instanceof AtmosError && (error.code === 'unknown-deployment' || error.code === 'unknown-target')) return undefined;
    throw error;
  });
}

/** Whether a target takes only some releases, or only with approvals. */
export function hasRules({ from, approvals }: Rules): boolean {
  return from.length > 0 || approvals > 0;
}

async function declaredAt(workspace: Workspace, files: ConfigFiles, project: Project, deployment: string): Promise<Deployment | undefined> {
  return loadDeployment({ files, project, cache: workspace.cache }, deployment).catch((error: unknown) => {
    if (error instanceof AtmosError && error.code === 'unknown-deployment') return undefined;
    throw error;
  });
}

async function declaredHere(workspace: Workspace, deployment: string): Promise<Deployment> {
  const { repository } = await workspace.tracking();
  const { files } = await revisionAt(workspace, await headCommit(repository));
  return loadDeployment({ ...workspace, files }, deployment).catch(async (error: unknown) => {
    if (error instanceof AtmosError && error.code === 'unknown-deployment') await refuseUncommitted(workspace, deployment);
    throw error;
  });
}

/**
 * A target with rules only accepts what is part of what the rules were read from: a commit that nobody else has, or that is on another branch, is under none.
 * @throws AtmosError `not-on-policy-ref`
 */
export async function refuseOffPolicy({ config }: Release, rules: ReadRules): Promise<void> {
  const { policy } = rules;
  if (!hasRules(rules) || policy.ref === undefined) return;
  if (!config.dirty && (await policy.has(config.commit))) return;
  const what = config.dirty ? 'uncommitted changes' : `commit ${config.commit.slice(0, 12)}`;
  throw new AtmosError(`${config.target} only accepts commits on ${policy.ref}, where its rules are defined; ${what} is not`, {
    kind: 'refused',
    code: 'not-on-policy-ref',
    hint: 'merge and push it first',
  });
}

/** A release may be made by whoever can push one: it is given no secret that its target does not have. @throws AtmosError `not-declared` */
export function refuseOtherSecrets({ config }: Release, rules: ReadRules): void {
  const { secrets } = rules;
  if (!hasRules(rules) || secrets === undefined) return;
  const declared = new Set(Object.values(secrets).map(({ env }) => env));
  const own = Object.values(config.components).flatMap(({ settings }) =>
    Object.values((settings.secrets ?? {}) as ReleaseConfig['secrets']),
  );
  for (const { env, default: fallback } of [...Object.values(config.secrets), ...own] as readonly { env?: string; default?: string }[]) {
    if (env === undefined || fallback !== undefined || declared.has(env)) continue;
    throw new AtmosError(`the release reads the secret ${env}, which target ${config.target} does not declare`, {
      kind: 'refused',
      code: 'not-declared',
      hint: `declare it: targets.${config.target}.secrets; or roll out a release that does not read it`,
    });
  }
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
