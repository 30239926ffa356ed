import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type ConfigFiles, findRoot, loadProject, type ModuleCache, type Project, workingTree } from '../config/index.ts';
import { AtmosError, openStore, type Store } from '../engine/index.ts';
import { Ledger, Locks, openRepository, Refs, type Repository } from '../tracking/index.ts';

export interface WorkspaceOptions {
  /** Where to look from; relative paths count from the current directory. */
  readonly chdir: string;
  /** Another `atmos.yaml`, relative to the root. */
  readonly config: string | undefined;
  /** Takes what the user should know, though it is no error. */
  readonly warn: (message: string) => void;
}

/** A repository on this machine, with its configuration, its cache and, asked when needed, its Git. */
export interface Workspace {
  /** Absolute, without links. */
  readonly root: string;
  readonly files: ConfigFiles;
  readonly project: Project;
  readonly store: Store;
  readonly moduleCache: ModuleCache;
  /** Directory of local states. */
  readonly stateRoot: string;
  readonly warn: (message: string) => void;
  /** @throws AtmosError `not-a-git-repository`, `git-missing` */
  tracking(): Promise<Tracking>;
  close(): Promise<void>;
}

/** The Git side of a workspace. */
export interface Tracking {
  readonly repository: Repository;
  /** The workspace's root, relative to the Git repository's; `''` when they are the same. */
  readonly prefix: string;
  readonly remote: string | undefined;
  readonly refs: Refs;
  readonly ledger: Ledger;
  readonly locks: Locks;
}

/** @throws AtmosError `no-repository`, and what is wrong in `atmos.yaml` */
export async function openWorkspace({ chdir, config, warn }: WorkspaceOptions): Promise<Workspace> {
  const root = await realpath(await findRoot(await existing(resolve(chdir))));
  const files = workingTree(root);
  const project = await loadProject(files, config);
  const store = openStore(resolve(root, project.deployments.engine.cacheDir));
  let tracking: Promise<Tracking> | undefined;
  return {
    root,
    files,
    project,
    store,
    moduleCache: { get: (key) => store.recall(key), put: (key, text) => store.keep(key, text) },
    stateRoot: join(root, '.atmos/state'),
    warn,
    tracking() {
      tracking ??= openTracking(root, project, warn);
      return tracking;
    },
    async close() {
      await tracking?.then(({ repository }) => repository.close()).catch(() => undefined);
      await store.close();
    },
  };
}

async function existing(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (cause) {
    throw new AtmosError(`there is no directory ${dir}`, { kind: 'invalid', code: 'no-directory', hint: 'see --chdir', cause });
  }
}

async function openTracking(root: string, project: Project, warn: (message: string) => void): Promise<Tracking> {
  const repository = await openRepository(root);
  const { remote: named, push } = project.deployments.tracking;
  const remote = push ? await remoteOf(repository, named) : undefined;
  const refs = new Refs(repository, remote);
  return {
    repository,
    prefix: relative(await realpath(repository.root), root),
    remote,
    refs,
    ledger: new Ledger(repository, refs, warn),
    locks: new Locks(repository, refs),
  };
}

async function remoteOf(repository: Repository, named: string | undefined): Promise<string | undefined> {
  const remotes = await repository.remotes();
  if (named === undefined) return remotes.includes('origin') ? 'origin' : undefined;
  if (remotes.includes(named)) return named;
  throw new AtmosError(`deployments.tracking.remote of atmos.yaml is "${named}", and this repository has no such remote`, {
    kind: 'invalid',
    code: 'unknown-remote',
    hint: remotes.length === 0 ? 'there are none: git remote add origin URL' : `remotes are: ${remotes.join(', ')}`,
  });
}
