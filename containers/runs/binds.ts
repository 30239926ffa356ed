import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { AtmosError, type Digest, makePrivate, type NodeIo, type ResolvedExec, removeTree } from '../../engine/index.ts';
import type { Bind } from '../system/bind.ts';
import { type Kept, keep } from '../system/kept.ts';
import { GIVEN, type RunDirectory } from './directory.ts';

/** A node's files as directories: inputs checked out from the store, outputs empty and writable. Nothing is copied. */
export interface LaidOut {
  readonly binds: readonly Bind[];
  /** Called after the command ended well: the trees by output name. */
  collect(): Promise<Readonly<Record<string, Digest>>>;
  /** Called after the command failed, where its files are to be kept, before they are disposed of. */
  keep(root: string): Kept;
  /** Called at the end, whatever happened. */
  dispose(): Promise<void>;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Lays out a node's inputs, outputs and state for a runtime that sees our file system. What the command may write to belongs to `owner`, as far
 * as we may give it away.
 */
export async function materialize(step: ResolvedExec, io: NodeIo, owner: Owner, run?: RunDirectory): Promise<LaidOut> {
  const { outputs, state } = step.exec;
  const inputs = await Promise.all(
    step.inputs.map(async ({ path, tree }, index) => {
      const source = await io.store.checkOut(tree);
      return {
        tree,
        source: run === undefined || !io.store.isEphemeral(tree) ? source : given(source, run, index),
        target: path,
        readOnly: true,
      };
    }),
  );
  const states = state.map(({ path, dir }) => ({ source: stateDir(io.stateRoot, dir, owner), target: path, readOnly: false }));
  // What an effect writes must not go away with the process that started it.
  const scratch = run?.path ?? (outputs.length === 0 && io.keepRoot === undefined ? undefined : await io.store.temporary('outputs'));
  const dirs = outputs.map(({ name, path }, index) => {
    const dir = join(scratch ?? '', `output-${index}`);
    mkdirSync(dir, { mode: 0o755 });
    give(dir, owner);
    return { name, source: dir, target: path, readOnly: false };
  });
  const tmp = io.keepRoot === undefined ? [] : temporaryFiles(step, scratch ?? '');
  const binds = [...inputs, ...states, ...dirs, ...tmp];
  return {
    binds,
    keep: (root) =>
      keep(root, step.id, binds, ({ source, target, readOnly }) =>
        readOnly ? inputs.some(({ tree, target: at }) => at === target && io.store.isEphemeral(tree)) : source.startsWith(scratch ?? '\0'),
      ),
    async collect() {
      const trees: Record<string, Digest> = {};
      for (const { name, source } of dirs) trees[name] = await io.store.ingest(source);
      return trees;
    },
    async dispose() {
      if (scratch !== undefined) removeTree(scratch);
    },
  };
}

/** What is this process's own goes with it; an effect does not. */
function given(source: string, { path }: RunDirectory, index: number): string {
  const target = join(path, `${GIVEN}${index}`);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  openDirectories(target);
  return target;
}

/** Directories that are copied have the modes that this process's umask leaves: others may look into them again, who can get there. */
function openDirectories(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) openDirectories(join(dir, entry.name));
}

/** A directory of ours in place of the tmpfs at `/tmp`, which would be gone with the container. */
function temporaryFiles(step: ResolvedExec, scratch: string): readonly Bind[] {
  if (step.inputs.some(({ path }) => path === '/tmp')) return [];
  const source = join(scratch, 'tmp');
  mkdirSync(source);
  chmodSync(source, 0o1777);
  return [{ source, target: '/tmp', readOnly: false }];
}

function stateDir(root: string, dir: string, owner: Owner): string {
  const path = join(root, dir);
  if (!path.startsWith(root + sep)) {
    throw new AtmosError(`state directory ${dir} leaves the state root`, { kind: 'invalid', code: 'path-escape' });
  }
  makePrivate(root);
  mkdirSync(path, { recursive: true });
  give(path, owner);
  return path;
}

/** Only root can give away, and has to: another runtime may have run as another user, and its files must stay writable. */
function give(path: string, owner: Owner): void {
  if (process.getuid?.() !== 0) return;
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  if (stats.uid !== owner.uid || stats.gid !== owner.gid) chownSync(path, owner.uid, owner.gid);
  if (!stats.isDirectory()) return;
  for (const name of readdirSync(path)) give(join(path, name), owner);
}
