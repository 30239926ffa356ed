import { lstat, readFile, readlink, realpath } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { AtmosError, errorCode, type FileMode, isMissing } from '../../engine/index.ts';
import type { GitObject } from './blobs.ts';
import { linkOutside, withLinks } from './links.ts';
import type { Repository, SourceEntry } from './repository.ts';

type RunGit = Repository['git'];

/** How many links on the way to a file are followed. */
const LINKS = 32;
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

/** What Git says of some directories of the working tree. */
interface Listing {
  /** Tracked files as the index has them, but for those that differ on disk. */
  readonly clean: ReadonlyMap<string, { readonly mode: string; readonly id: string }>;
  /** Files that differ on disk, and new ones that are not ignored. */
  readonly changed: ReadonlySet<string>;
}

/**
 * Lists directories of the working tree: their files that are tracked, or new and not ignored, sorted. What is as it was committed is read as it was
 * committed, whatever filters or line endings made of it on disk. What is asked for while Git is at it is asked together next: two processes for all
 * components, not for each.
 * @throws AtmosError `submodule`
 */
export function worktreeLister(git: RunGit, find: FindObject, root: string): (dir: string) => Promise<readonly SourceEntry[]> {
  let wanted = new Set<string>();
  let next: Promise<Listing> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (): Promise<Listing> => {
    await last;
    await new Promise(setImmediate);
    const dirs = ['--', ...[...wanted].map(pathspec)];
    wanted = new Set();
    next = undefined;
    const answer = Promise.all([
      git([LITERAL, 'ls-files', '-z', '--stage', ...dirs]),
      git([LITERAL, 'ls-files', '-z', '--modified', '--others', '--exclude-standard', ...dirs]),
    ]);
    last = answer.catch(() => undefined);
    const [staged, changed] = await answer;
    return listingOf(split(staged.stdout), new Set(split(changed.stdout)));
  };
  const list = async (logical: string): Promise<readonly SourceEntry[]> => {
    const dir = await realDirectory(root, logical);
    wanted.add(dir);
    next ??= ask();
    const { clean, changed } = await next;
    const prefix = dir === '' ? '' : `${dir}/`;
    const own = [...clean].filter(([path]) => path.startsWith(prefix));
    const committed = own.map(([path, { mode, id }]) => sourceEntry(find, { mode, id, path: path.slice(prefix.length) }, dir));
    const others = [...changed].filter((path) => path.startsWith(prefix));
    const onDisk = await Promise.all(others.map((path) => worktreeEntry(root, path, path.slice(prefix.length))));
    return [...committed, ...onDisk.filter((entry) => entry !== undefined)];
  };
  return (dir) =>
    withLinks(dir, {
      list,
      real: (path) => realDirectory(root, path),
      file: async (path) => {
        const real = await insideOf(root, path);
        return real === undefined || (await isDirectory(join(root, real))) ? undefined : worktreeEntry(root, real, '');
      },
    });
}

/** Lines of `ls-files --stage`: mode, id, stage, a tab, the path. Of what is in conflict, what is on disk counts. */
function listingOf(staged: readonly string[], changed: ReadonlySet<string>): Listing {
  const clean = new Map<string, { mode: string; id: string }>();
  for (const line of staged) {
    const tab = line.indexOf('\t');
    const [mode = '', id = ''] = line.slice(0, tab).split(' ');
    const path = line.slice(tab + 1);
    if (!changed.has(path)) clean.set(path, { mode, id });
  }
  return { clean, changed };
}

/** Where a directory of the working tree really is, relative to the root: itself where there is none. @throws AtmosError `link-outside` */
async function realDirectory(root: string, dir: string): Promise<string> {
  return (await insideOf(root, dir)) ?? dir;
}

/** The real path of something in the working tree, relative to its root; `undefined` where there is nothing. @throws AtmosError `link-outside` */
async function insideOf(root: string, path: string): Promise<string | undefined> {
  try {
    const [top, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
    const inside = relative(top, real);
    if (inside === '..' || inside.startsWith(`..${sep}`)) throw linkOutside(path, real);
    return inside.split(sep).join('/');
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}

/**
 * The files below a directory of a commit, sorted; none where there is no such directory. Links that lead out of the directory are followed.
 * @throws AtmosError `submodule`, `link-outside`
 */
export function commitEntries(find: FindObject, commit: string, dir: string): Promise<readonly SourceEntry[]> {
  const list = async (at: string): Promise<readonly SourceEntry[]> =>
    (await listTree(find, `${commit}:${at}`, '')).map((one) => sourceEntry(find, one, at));
  const file = async (path: string): Promise<SourceEntry | undefined> => {
    const real = await realInCommit(find, commit, path);
    const parent = await find(`${commit}:${posix.dirname(real) === '.' ? '' : posix.dirname(real)}`);
    const entry = parent?.type === 'tree' ? parseTree(parent).find((one) => one.path === posix.basename(real)) : undefined;
    const mode = MODES[entry?.mode ?? ''];
    // One that is still a link leads in a circle.
    if (entry === undefined || mode === undefined || mode === 'link') return undefined;
    return { path: '', mode, read: () => must(find, entry.id) };
  };
  return withLinks(dir, { list, file, real: (path) => realInCommit(find, commit, path) });
}

/** Where a directory of a commit really is, links on the way followed: itself where there is none. @throws AtmosError `link-outside` */
async function realInCommit(find: FindObject, commit: string, dir: string, depth = 0): Promise<string> {
  if (depth > LINKS) return dir;
  let real = '';
  for (const name of dir.split('/').filter((part) => part !== '')) {
    const parent = await find(`${commit}:${real}`);
    const entry = parent?.type === 'tree' ? parseTree(parent).find(({ path }) => path === name) : undefined;
    const next = real === '' ? name : `${real}/${name}`;
    real = entry?.mode === '120000' ? await realInCommit(find, commit, linked(real, next, await must(find, entry.id)), depth + 1) : next;
  }
  return real;
}

/** What a link in a directory leads to. @throws AtmosError `link-outside` */
function linked(dir: string, path: string, content: Uint8Array): string {
  const to = Buffer.from(content).toString('utf8');
  const target = posix.normalize(posix.join(dir, to));
  if (to.startsWith('/') || target === '..' || target.startsWith('../')) throw linkOutside(path, to);
  return target === '.' ? '' : target;
}

/** The files of a commit just as they are, links as links: those of a release. @throws AtmosError `submodule` */
export async function storedEntries(find: FindObject, commit: string): Promise<readonly SourceEntry[]> {
  const entries = (await listTree(find, `${commit}:`, '')).map((one) => sourceEntry(find, one, ''));
  return entries.sort(byPath);
}

function sourceEntry(find: FindObject, { mode, id, path }: ListedFile, dir: string): SourceEntry {
  const known = MODES[mode];
  if (known === undefined) throw submodule(dir === '' ? path : `${dir}/${path}`);
  return { path, mode: known, read: () => must(find, id) };
}

/** The paths of all files below a directory of a commit, relative to the root, sorted. */
export async function listCommit(find: FindObject, commit: string, dir: string): Promise<readonly string[]> {
  const below = dir.replace(/\/+$/, '');
  return (await listTree(find, `${commit}:${below}`, below)).map(({ path }) => path).sort();
}

/** Finds an object by any name that Git knows; `undefined` where there is none. */
type FindObject = (name: string) => Promise<GitObject | undefined>;

interface ListedFile {
  readonly mode: string;
  readonly id: string;
  readonly path: string;
}

/** Walks a tree object and those in it through the one reader, without a process for each directory. */
async function listTree(find: FindObject, name: string, prefix: string): Promise<readonly ListedFile[]> {
  const tree = await find(name);
  if (tree?.type !== 'tree') return [];
  const listed = parseTree(tree).map(async ({ mode, id, path }): Promise<readonly ListedFile[]> => {
    const full = prefix === '' ? path : `${prefix}/${path}`;
    return mode === '40000' ? listTree(find, id, full) : [{ mode, id, path: full }];
  });
  return (await Promise.all(listed)).flat();
}

/** A tree object's entries: mode, space, name, a zero byte, and the id in bytes. */
function parseTree({ id, content }: GitObject): readonly ListedFile[] {
  const idBytes = id.length / 2;
  const entries: ListedFile[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const end = content.indexOf(0, at);
    const next = end + 1 + idBytes;
    entries.push({
      mode: content.toString('latin1', at, space),
      path: content.toString('utf8', space + 1, end),
      id: content.toString('hex', end + 1, next),
    });
    at = next;
  }
  return entries;
}

async function must(find: FindObject, id: string): Promise<Uint8Array> {
  const object = await find(id);
  if (object !== undefined) return object.content;
  throw new AtmosError(`the repository has no object ${id}`, { kind: 'environment', code: 'git-failed' });
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

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
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
