import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import {
  type ConfigFiles,
  findRoot,
  type KindSource,
  loadProject,
  type Project,
  relativeTo,
  SETTINGS,
  type TextCache,
  workingTree,
} from '../config/index.ts';
import { AtmosError, errorCode, growingMask, isUnwritable, openStore, type Store } from '../engine/index.ts';
import { impliedMirrors } from '../kinds/index.ts';
import { Ledger, Locks, LockWatch, openRepository, Refs, type Stop } from '../tracking/index.ts';
import { type Events, warn as warnOf } from './workspace/events.ts';
import { kindsAt } from './workspace/kinds.ts';
import type { Tracking, Workspace } from './workspace/workspace.ts';

export interface WorkspaceOptions {
  /** Where to look from; relative paths count from the current directory. */
  readonly chdir: string;
  /** Another `atmos.yaml`, relative to the root. */
  readonly config: string | undefined;
  /** Where what happens is told. */
  readonly events: Events;
}

/** @throws AtmosError `no-repository`, and what is wrong in `atmos.yaml` */
export async function openWorkspace({ chdir, config: named, events }: WorkspaceOptions): Promise<Workspace> {
  const root = realpathSync(findRoot(existing(resolve(chdir))));
  const config = named ?? elsewhere(root, process.env.ATMOS_CLI_CONFIG_PATH);
  refuseOccupied(join(root, '.atmos'));
  const files = workingTree(root);
  const kinds = kindsAt(root);
  const { project, store } = await openProject(root, files, kinds.here, config);
  const { mirror } = project.deployments.providers;
  let tracking: Promise<Tracking> | undefined;
  let stop: Stop | undefined;
  const warn = (what: string | AtmosError): void => warnOf(events, what);
  const answers = { get: (key: string) => store.recall(key), put: (key: string, text: string) => ifWritable(store.keep(key, text)) };
  return {
    root,
    configFile: config,
    files,
    project,
    kinds,
    store,
    cache: cacheIn(store),
    answers,
    providers: { configured: mirror === undefined ? undefined : resolve(root, mirror), implied: impliedMirrors(process.env.HOME) },
    stateRoot: join(root, '.atmos/state'),
    runsRoot: join(root, '.atmos/runs'),
    logsRoot: join(root, '.atmos/logs'),
    keepRoot: join(root, '.atmos/kept'),
    outcomesRoot: join(root, '.atmos/outcomes'),
    events,
    warn,
    mask: growingMask([]),
    stopBy(signals) {
      stop = signals;
    },
    tracking() {
      tracking ??= openTracking(root, project, { warn, stop: () => stop, watch: new LockWatch(answers) });
      return tracking;
    },
    async close() {
      ignoreOwn(root);
      await tracking?.then(({ repository }) => repository.close()).catch(() => undefined);
      await store.close();
    },
  };
}

/** What can't be kept is found anew each time: a cache on a read-only or full disk slows a command, it never fails it. */
function cacheIn(store: Store): TextCache {
  return {
    get: (purpose, content) => store.recallOf(purpose, content),
    put: (purpose, content, text) => ifWritable(store.keepOf(purpose, content, text)),
  };
}

async function ifWritable(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

/** Reads `atmos.yaml`, which says where the cache is: what was parsed of it before lies where caches lie unless it says otherwise. */
async function openProject(
  root: string,
  files: ConfigFiles,
  kinds: KindSource,
  config: string | undefined,
): Promise<{ project: Project; store: Store }> {
  const usual = join(root, '.atmos/cache');
  const store = openStore(usual);
  try {
    const project = await loadProject(files, kinds, { config, cache: cacheIn(store), env: relativeTo(root, process.env) });
    const dir = resolve(root, project.deployments.engine.cacheDir);
    if (dir === usual) return { project, store };
    await store.close();
    makeDirectory(dir);
    return { project, store: openStore(dir) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The file of settings in the directory that `ATMOS_CLI_CONFIG_PATH` names, relative to the root; `undefined` where that is the usual one. */
function elsewhere(root: string, dir: string | undefined): string | undefined {
  if (dir === undefined || dir === '') return undefined;
  const found = realpathSync(existing(resolve(dir)));
  const file = SETTINGS.find((name) => existsSync(join(found, name)));
  return found === root || file === undefined ? undefined : relative(root, join(found, file));
}

/** As `mkdir -p`, where a file system has no directories to make, too: Node's own never ends there. @throws AtmosError `not-a-directory` */
function makeDirectory(dir: string): void {
  if (existsSync(dir)) return;
  if (dirname(dir) !== dir) makeDirectory(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return;
    throw new AtmosError(`the cache directory ${dir} cannot be made: ${errorCode(cause)}`, {
      kind: 'environment',
      code: 'not-a-directory',
      hint: 'name another one: deployments.engine.cache.dir in atmos.yaml',
      cause,
    });
  }
}

/** What this program keeps is nothing to commit: the directory says so to Git itself. */
function ignoreOwn(root: string): void {
  const dir = join(root, '.atmos');
  if (!existsSync(dir) || existsSync(join(dir, '.gitignore'))) return;
  try {
    writeFileSync(join(dir, '.gitignore'), '*\n');
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

/** @throws AtmosError `not-a-directory` */
function refuseOccupied(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new AtmosError(`${dir} is not a directory, and caches, local states and logs are kept there`, {
    kind: 'environment',
    code: 'not-a-directory',
    hint: 'move it away',
  });
}

function existing(dir: string): string {
  try {
    return realpathSync(dir);
  } catch (cause) {
    throw new AtmosError(`there is no directory ${dir}`, { kind: 'invalid', code: 'no-directory', hint: 'see --chdir', cause });
  }
}

interface TrackingOptions {
  readonly warn: (what: string | AtmosError) => void;
  readonly stop: () => Stop | undefined;
  readonly watch: LockWatch;
}

async function openTracking(root: string, project: Project, { warn, stop, watch }: TrackingOptions): Promise<Tracking> {
  const repository = await openRepository(root);
  const { remote: named, push } = project.deployments.tracking;
  const remote = push ? remoteOf(await repository.remotes(), named) : undefined;
  const refs = new Refs(repository, remote, stop, warn);
  const prefix = relative(realpathSync(repository.root), root);
  return {
    repository,
    prefix,
    remote,
    refs,
    ledger: new Ledger(repository, refs, warn, prefix),
    locks: new Locks(repository, refs, watch, {
      dir: root,
      async isBusy(dir, { deployment, target }) {
        // Loaded only where somebody was killed.
        const [{ hasLeft, isBusy }, { RESCUED }] = await Promise.all([import('../containers/index.ts'), import('./target/rescue.ts')]);
        const [root, name] = [join(dir, '.atmos/runs'), `${deployment}/${target}`];
        return (await isBusy(root, name)) || hasLeft(root, name, RESCUED);
      },
    }),
  };
}

function remoteOf(remotes: readonly string[], named: string | undefined): string | undefined {
  if (named === undefined) return remotes.includes('origin') ? 'origin' : undefined;
  if (remotes.includes(named)) return named;
  throw new AtmosError(`deployments.tracking.remote of atmos.yaml is "${named}", and this repository has no such remote`, {
    kind: 'invalid',
    code: 'unknown-remote',
    hint: remotes.length === 0 ? 'there are none: git remote add origin URL' : `remotes are: ${remotes.join(', ')}`,
  });
}
