import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { errorCode, isMissing, linkOutside } from '../../engine/index.ts';
import { LINKS, withLinks } from './links.ts';
import { type FindObject, sourceEntry, submodule } from './trees.ts';
import type { Repository, SourceEntry } from './types.ts';

type RunGit = Repository['git'];

/** Paths are meant as they are, whatever characters they hold. */
const LITERAL = '--literal-pathspecs';

/**
 * Paths that differ from HEAD, in the index or on disk, or are in neither though not ignored; sorted, relative to the root. Links count with what they
 * lead to.
 */
export async function dirtyPaths(git: RunGit, root: string, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const known = new Map<string, string | undefined>();
  // Most paths begin alike.
  const linkAt = (path: string): string | undefined => {
    if (!known.has(path)) known.set(path, readLink(join(root, path)));
    return known.get(path);
  };
  const all = [...new Set(paths.flatMap((path) => linksAlong(root, path, linkAt)))];
  const { stdout } = await git([LITERAL, 'status', '--porcelain=v1', '-z', '-uall', '--no-renames', '--', ...all.map(pathspec)]);
  return split(stdout)
    .map((line) => line.slice(3))
    .sort();
}

/** The links on the way to a path, and where they lead in the end; relative to the root. What lies outside is none of ours. */
function linksAlong(root: string, path: string, linkAt: (path: string) => string | undefined): readonly string[] {
  const found: string[] = [];
  let rest = path.split('/').filter((part) => part !== '');
  let at = '';
  while (rest.length > 0 && found.length < LINKS) {
    const [name = '', ...others] = rest;
    const next = at === '' ? name : `${at}/${name}`;
    const to = linkAt(next);
    rest = others;
    if (to === undefined) at = next;
    else {
      found.push(next);
      const target = posix.normalize(to.startsWith('/') ? relative(root, to) : posix.join(at, to));
      if (target === '..' || target.startsWith('../')) return found;
      rest = [...target.split('/').filter((part) => part !== '.'), ...others];
      at = '';
    }
  }
  return [...found, at];
}

function readLink(path: string): string | undefined {
  try {
    // Most are none, and an error costs more than a question.
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'EINVAL') return undefined;
    throw error;
  }
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
 * committed, whatever filters or line endings made of it on disk. What is asked for while Git is at it is asked together next: one process for all
 * components, not one for each.
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
    const answer = git([LITERAL, 'ls-files', '-z', '-t', '--stage', '--cached', '--modified', '--others', '--exclude-standard', ...dirs]);
    last = answer.catch(() => undefined);
    return listingOf(split((await answer).stdout));
  };
  const list = async (logical: string): Promise<readonly SourceEntry[]> => {
    const dir = realDirectory(root, logical);
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
      real: async (path) => realDirectory(root, path),
      file: async (path) => {
        const real = insideOf(root, path);
        if (real === undefined || (await isDirectory(join(root, real)))) return undefined;
        // A commit has neither Git's own files nor what it ignores.
        const isOurs =
          !real.split('/').includes('.git') && (await git(['check-ignore', '--quiet', '--', real], { answers: [0, 1] })).code === 1;
        return isOurs ? worktreeEntry(root, real, '') : undefined;
      },
    });
}

/**
 * Lines of `ls-files -t --stage`: `?` and a path that is not tracked; else how it stands (`C` when it differs on disk, `M` when it is in conflict; again
 * when it is either), mode, id, stage, a tab, the path. Of what is in conflict, what is on disk counts.
 */
function listingOf(lines: readonly string[]): Listing {
  const clean = new Map<string, { mode: string; id: string }>();
  const changed = new Set<string>();
  for (const line of lines) {
    const tab = line.indexOf('\t');
    const [standing = '', mode = '', id = ''] = line.slice(0, tab).split(' ');
    if (line.startsWith('? ')) changed.add(line.slice(2));
    else if (standing === 'C' || standing === 'M') changed.add(line.slice(tab + 1));
    else clean.set(line.slice(tab + 1), { mode, id });
  }
  for (const path of changed) clean.delete(path);
  return { clean, changed };
}

/** Where a directory of the working tree really is, relative to the root: itself where there is none. @throws AtmosError `link-outside` */
function realDirectory(root: string, dir: string): string {
  return insideOf(root, dir) ?? dir;
}

/** The real path of something in the working tree, relative to its root; `undefined` where there is nothing. @throws AtmosError `link-outside` */
function insideOf(root: string, path: string): string | undefined {
  try {
    const [top, real] = [root, join(root, path)].map((one) => realpathSync.native(one)) as [string, string];
    const inside = relative(top, real);
    if (inside === '..' || inside.startsWith(`..${sep}`)) throw linkOutside(path, real);
    return inside.split(sep).join('/');
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ELOOP') return undefined;
    throw error;
  }
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

function pathspec(path: string): string {
  return path === '' ? '.' : path;
}

function split(out: Buffer): readonly string[] {
  return out
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '');
}
