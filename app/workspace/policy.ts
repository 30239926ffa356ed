import { type ConfigFiles, loadProject, type Project } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { Refs } from '../../tracking/index.ts';
import { KINDS_OF_RULES } from './kinds.ts';
import { headCommit, revisionAt } from './revision.ts';
import type { Workspace } from './workspace.ts';

/** Where the rules of targets are read: a commit, its files and its `atmos.yaml`. */
export interface Policy {
  readonly commit: string;
  readonly files: ConfigFiles;
  readonly project: Project;
  /** The remote's ref, for people; `undefined` where there is no remote with a branch: then the commit that is checked out decides. */
  readonly ref: string | undefined;
  /** Whether a commit is part of what the rules were read from. */
  has(commit: string): Promise<boolean>;
}

/**
 * The rules that count: those of the remote's default branch, or of the ref that its `deployments.tracking.policy_ref` names, as they are now. Neither the
 * working tree, nor `--config`, nor a commit that nobody else has relaxes any.
 * @throws AtmosError `remote-unreachable`, `other-tracking` where the configuration here would record elsewhere
 */
export async function policyOf(workspace: Workspace): Promise<Policy> {
  const { repository, refs: own, remote } = await workspace.tracking();
  const remotes = await repository.remotes();
  // What the configuration here names may be one's own: where there is an origin, that says which counts.
  const origin = remotes.includes(ORIGIN) ? ORIGIN : (remote ?? (await unusedRemote(workspace)));
  const name = origin === undefined || origin === remote ? origin : await namedBy(workspace, origin, remotes);
  const refs = name === undefined || name === remote ? own : new Refs(repository, name);
  const first = name === undefined ? undefined : await refs.head();
  if (name === undefined || first === undefined) {
    const commit = await headCommit(repository);
    const { files } = await revisionAt(workspace, commit);
    return { commit, files, project: workspace.project, ref: undefined, has: async () => true };
  }
  const found = await readAt(workspace, refs, first, `the default branch of ${name}`);
  const { policyRef } = found.project.deployments.tracking;
  const policy =
    policyRef === undefined ? found : await readAt(workspace, refs, await named(refs, name, policyRef), `${policyRef} of ${name}`);
  refuseElsewhere(workspace, policy.project, name);
  return {
    ...policy,
    ref: policyRef === undefined ? `the default branch of ${name}` : `${policyRef} of ${name}`,
    has: (commit) => refs.isBefore(commit, policy.commit),
  };
}

const ORIGIN = 'origin';

/** The remote that another one says is in its place; itself, where that says nothing else, or has no branch yet. @throws AtmosError `unknown-remote` */
async function namedBy(workspace: Workspace, name: string, remotes: readonly string[]): Promise<string> {
  const { repository } = await workspace.tracking();
  const refs = new Refs(repository, name);
  const head = await refs.head();
  if (head === undefined) return name;
  const { project } = await readAt(workspace, refs, head, `the default branch of ${name}`);
  const named = project.deployments.tracking.remote ?? name;
  if (remotes.includes(named)) return named;
  throw new AtmosError(`atmos.yaml on the default branch of ${name} names the remote "${named}", which this repository does not have`, {
    kind: 'environment',
    code: 'unknown-remote',
    hint: `rules are read from there: git remote add ${named} URL`,
  });
}

/** The remote that records would go to if the configuration here did not say otherwise. */
async function unusedRemote({ project, tracking }: Workspace): Promise<string | undefined> {
  const names = await (await tracking()).repository.remotes();
  const wanted = project.deployments.tracking.remote ?? 'origin';
  return names.includes(wanted) ? wanted : undefined;
}

async function readAt(
  workspace: Workspace,
  refs: Refs,
  commit: string,
  ref: string,
): Promise<Pick<Policy, 'commit' | 'files' | 'project'>> {
  const { repository } = await workspace.tracking();
  if ((await repository.idOf(`${commit}^{commit}`)) === undefined && !(await refs.fetchCommit(commit))) {
    throw new AtmosError(`cannot fetch commit ${commit.slice(0, 12)}, which the rules are read from`, {
      kind: 'environment',
      code: 'remote-unreachable',
      hint: 'get it: git fetch',
    });
  }
  const { files } = await revisionAt(workspace, commit);
  return { commit, files, project: await asThere(ref, loadProject(files, KINDS_OF_RULES, { cache: workspace.cache })) };
}

/** What is wrong in a file of the remote is not to be looked for in the one that lies here. */
export async function asThere<Read>(ref: string | undefined, reading: Promise<Read>): Promise<Read> {
  return reading.catch((error: unknown) => {
    if (!(error instanceof AtmosError) || error.kind !== 'invalid' || ref === undefined) throw error;
    const hint = `fix it there: rules are read from ${ref}, not from the files here`;
    throw new AtmosError(`${ref}: ${error.message}`, { ...error, hint: error.hint === undefined ? hint : `${error.hint}; ${hint}` });
  });
}

async function named(refs: Refs, remote: string, policyRef: string): Promise<string> {
  const ref = policyRef.startsWith('refs/') ? policyRef : `refs/heads/${policyRef}`;
  const commit = (await refs.look([ref])).get(ref);
  if (commit !== undefined) return commit;
  throw new AtmosError(`remote ${remote} has no ${ref}, which deployments.tracking.policy_ref names`, {
    kind: 'invalid',
    code: 'no-policy-ref',
    hint: 'rules are read from there: create it, or change policy_ref on the default branch',
  });
}

/** Records that go elsewhere would be under no rules. */
function refuseElsewhere({ project }: Workspace, policy: Project, remote: string): void {
  const [here, there] = [project.deployments.tracking, policy.deployments.tracking];
  if (here.push === there.push && here.remote === there.remote) return;
  const what = here.push === there.push ? 'remote' : 'push';
  throw new AtmosError(
    `deployments.tracking.${what} is ${JSON.stringify(here[what] ?? null)} in atmos.yaml here, and ${JSON.stringify(there[what] ?? null)} on ${remote}`,
    {
      kind: 'refused',
      code: 'other-tracking',
      hint: 'change it on the default branch first, and push that',
    },
  );
}
