import { join, normalize, relative } from 'node:path/posix';
import {
  type ConfigFiles,
  type GitFacts,
  loadDeployment,
  loadProject,
  type Project,
  type ResolveOptions,
  relativeTo,
  resolve,
  type Scope,
  type SettingsEnv,
  withoutDisabled,
} from '../../config/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
import { headFacts, remoteUrl } from '../../tracking/index.ts';
import type { SourceFile } from '../../vendoring/index.ts';
import type { Tracking, Workspace } from './workspace.ts';

/** What a release is made of: a commit's files, or the working tree's with a commit below it. */
export interface Revision {
  readonly commit: string;
  /** Whether the working tree is meant, with what is not committed. */
  readonly dirty: boolean;
  readonly files: ConfigFiles;
  /** The files of a directory that belong to the repository. */
  entries(dir: string): Promise<readonly SourceFile[]>;
  facts(): GitFacts;
  /** Names of the environment variables that were read for it. */
  readonly environment: Set<string>;
}

/** The repository as it is at a commit. */
export async function revisionAt(workspace: Workspace, commit: string): Promise<Revision> {
  const tracking = await workspace.tracking();
  const { repository, prefix } = tracking;
  const files = repository.files(commit);
  const strip = (path: string): string => relative(prefix, path);
  const branch = await repository.branch();
  return {
    commit,
    dirty: false,
    files: {
      above: prefix === '' ? 0 : prefix.split('/').length,
      read: (path) => files.read(join(prefix, path)),
      list: async (dir) => (await files.list(under(prefix, dir))).map(strip),
    },
    entries: (dir) => repository.entries(commit, under(prefix, dir)),
    facts: () => ({ sha: commit, short_sha: commit.slice(0, 7), branch }),
    environment: new Set(),
  };
}

/** The working tree as it is, over the commit that is checked out. */
export async function worktreeRevision(workspace: Workspace): Promise<Revision> {
  const { repository, prefix } = await workspace.tracking();
  const commit = await headCommit(repository);
  const branch = await repository.branch();
  return {
    commit,
    dirty: true,
    files: workspace.files,
    entries: (dir) => repository.entries('worktree', under(prefix, dir)),
    facts: () => ({ sha: commit, short_sha: commit.slice(0, 7), branch }),
    environment: new Set(),
  };
}

/** @throws AtmosError `no-commit` before the first one */
export async function headCommit(repository: Tracking['repository']): Promise<string> {
  const commit = await repository.head();
  if (commit !== undefined) return commit;
  throw new AtmosError('this repository has no commits; releases are built from commits', {
    kind: 'refused',
    code: 'no-commit',
    hint: 'commit first: git add -A && git commit -m "First"',
  });
}

function under(prefix: string, dir: string): string {
  return join(prefix, dir) === '.' ? '' : join(prefix, dir);
}

/** The scope of a deployment's target at a revision: what is enabled of it. */
export async function scopeAt(workspace: Workspace, revision: Revision, { deployment, target }: TargetRef): Promise<Scope> {
  const { cache } = workspace;
  const project = await projectAt(workspace, revision);
  const source = { files: revision.files, project, cache };
  const found = await loadDeployment(source, deployment);
  const isOurs = revision.dirty || (await isPartOfHere(workspace, revision.commit));
  const scope = await resolve(source, found, target, {
    git: () => revision.facts(),
    remote: () => remoteUrl(workspace.root),
    env: watched(revision.environment),
    peek: (variable) => process.env[variable],
    hide: (values) => workspace.mask.add(values),
    root: workspace.root,
    ...(isOurs
      ? {}
      : {
          noExec: `commit ${revision.commit.slice(0, 12)} is not in the history of the checked-out commit, so its commands are not run: check it out`,
        }),
  });
  return withoutDisabled(scope);
}

/** What `atmos.yaml` says at a revision, or what was asked for in its place. @throws AtmosError `dirty-tree` where a commit does not have that */
async function projectAt(workspace: Workspace, { dirty, files, commit, environment }: Revision): Promise<Project> {
  const { configFile, project } = workspace;
  if (dirty) return project;
  const { repository } = await workspace.tracking();
  if (configFile !== undefined && commit === (await repository.head()) && (await readInside(files, configFile)) === undefined) {
    throw new AtmosError(`${configFile} is not committed, and a release is made from a commit`, {
      kind: 'refused',
      code: 'dirty-tree',
      hint: `commit it: git add ${configFile} && git commit; or deploy uncommitted changes with --allow-dirty`,
    });
  }
  return projectIn(workspace, files, relativeTo(workspace.root, watched(environment)));
}

/** What files say as a project: by the `atmos.yaml` that was asked for, where it is among them. */
export async function projectIn({ configFile, cache, kinds }: Workspace, files: ConfigFiles, env: SettingsEnv = {}): Promise<Project> {
  const own = configFile !== undefined && (await readInside(files, configFile)) !== undefined ? configFile : undefined;
  return loadProject(files, kinds.elsewhere, { config: own, cache, env });
}

/** A file that may lie outside of the repository: then a commit does not have it. */
async function readInside(files: ConfigFiles, path: string): Promise<Uint8Array | undefined> {
  const clean = normalize(path);
  return clean === '..' || clean.startsWith('../') || clean.startsWith('/') ? undefined : files.read(path);
}

/** Whether a commit is the one that is checked out, or comes before it: then whoever is at work here has it on purpose. */
export async function isPartOfHere(workspace: Workspace, commit: string): Promise<boolean> {
  const { repository } = await workspace.tracking();
  const head = await repository.head();
  if (commit === head) return true;
  if (head === undefined) return false;
  return (await repository.git(['merge-base', '--is-ancestor', commit, head], { answers: [0, 1, 128] })).code === 0;
}

/** The environment, noting the names of what is read of it. */
function watched(names: Set<string>): typeof process.env {
  return new Proxy(process.env, {
    get(env, name) {
      if (typeof name === 'string') names.add(name);
      return typeof name === 'string' ? env[name] : undefined;
    },
  });
}

/** How the working tree resolves where no release is made: Git is asked only by a template that asks. */
export function worktreeOptions({ root, mask }: Workspace): ResolveOptions {
  let facts: GitFacts | undefined | null = null;
  return {
    git: () => {
      if (facts === null) facts = headFacts(root);
      return facts;
    },
    remote: () => remoteUrl(root),
    env: process.env,
    hide: (values) => mask.add(values),
    root,
  };
}

/**
 * The target that is meant: the named one, else the deployment's `default_target`, else its only one.
 * @throws AtmosError `no-target`
 */
export async function targetOf(workspace: Workspace, deployment: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { defaultTarget, targets, file } = await loadDeployment(workspace, deployment);
  if (defaultTarget !== undefined) return defaultTarget;
  throw new AtmosError(`${deployment} has several targets`, {
    kind: 'invalid',
    code: 'no-target',
    hint: `name one: --target ${targets.join(' | --target ')}   (or set context.default_target in ${file})`,
  });
}
