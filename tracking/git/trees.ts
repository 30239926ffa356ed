import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, type FileMode, isMissing } from '../../engine/index.ts';
import type { Repository, SourceEntry } from './repository.ts';

type RunGit = Repository['git'];

const MODES: Readonly<Record<string, FileMode>> = { '100644': '644', '100755': '755', '120000': 'link' };
/** Paths are meant as they are, whatever characters they hold. */
const LITERAL = '--literal-pathspecs';

/** Paths that differ from HEAD, in the index or on disk, or are in neither though not ignored; sorted, relative to the root. */
export async function dirtyPaths(git: RunGit, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const { stdout } = await git([LITERAL, 'status', '--porcelain=v1', '-z', '-uall', '--no-renames', '--', ...paths.map(pathspec)]);
  return split(stdout)
    .map((line) => line.slice(3))
    .sort();
}

/** The files below a directory of the working tree: tracked, or new and not ignored; sorted. @throws AtmosError `submodule` */
export async function worktreeEntries(git: RunGit, root: string, dir: string): Promise<readonly SourceEntry[]> {
  const { stdout } = await git([LITERAL, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', pathspec(dir)]);
  const prefix = dir === '' ? '' : `${dir}/`;
  const paths = [...new Set(split(stdout))].filter((path) => path.startsWith(prefix));
  const entries = await Promise.all(paths.map((path) => worktreeEntry(root, path, path.slice(prefix.length))));
  return entries.filter((entry) => entry !== undefined).sort(byPath);
}

/** The files below a directory of a commit, sorted. @throws AtmosError `submodule` */
export async function commitEntries(
  git: RunGit,
  readObject: Repository['readObject'],
  commit: string,
  dir: string,
): Promise<readonly SourceEntry[]> {
  const entries = (await listTree(git, commit, dir)).map(({ mode, id, path }) => {
    const known = MODES[mode];
    if (known === undefined) throw submodule(path);
    return { path: dir === '' ? path : path.slice(dir.length + 1), mode: known, read: () => readObject(id) };
  });
  return entries.sort(byPath);
}

/** The paths of all files below a directory of a commit, relative to the root, sorted. */
export async function listCommit(git: RunGit, commit: string, dir: string): Promise<readonly string[]> {
  return (await listTree(git, commit, dir)).map(({ path }) => path).sort();
}

async function listTree(git: RunGit, commit: string, dir: string): Promise<readonly { mode: string; id: string; path: string }[]> {
  const { stdout } = await git([LITERAL, 'ls-tree', '-r', '-z', '--full-tree', commit, '--', ...(dir === '' ? [] : [`${dir}/`])]);
  return split(stdout).map((line) => {
    const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return { mode, id, path };
  });
}

async function worktreeEntry(root: string, path: string, relative: string): Promise<SourceEntry | undefined> {
  const file = join(root, path);
  try {
    const stats = await lstat(file);
    if (stats.isDirectory()) throw submodule(path);
    if (stats.isSymbolicLink()) return { path: relative, mode: 'link', read: async () => Buffer.from(await readlink(file)) };
    if (!stats.isFile()) return undefined;
    // As Git does: the owner's bit alone decides.
    return { path: relative, mode: (stats.mode & 0o100) === 0 ? '644' : '755', read: () => readFile(file) };
  } catch (error) {
    // Tracked, but deleted on disk.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function submodule(path: string): AtmosError {
  return new AtmosError(`${path} is a Git submodule, whose files this repository's commit does not hold`, {
    kind: 'invalid',
    code: 'submodule',
    hint: 'put the files into the repository',
  });
}

function byPath(a: SourceEntry, b: SourceEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function pathspec(path: string): string {
  return path === '' ? '.' : path;
}

function split(out: Buffer): readonly string[] {
  return out
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '');
}
