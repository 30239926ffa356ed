import { posix } from 'node:path';
import { AtmosError, type FileMode, linkLoop, linkOutside } from '../../engine/index.ts';
import type { GitObject } from './blobs.ts';
import { LINKS, withLinks } from './links.ts';
import type { SourceEntry } from './types.ts';

const MODES: Readonly<Record<string, FileMode>> = { '100644': '644', '100755': '755', '120000': 'link' };
/**
 * The files below a directory of a commit, sorted; none where there is no such directory. Links that lead out of the directory are followed.
 * @throws AtmosError `submodule`, `link-outside`
 */
export async function commitEntries(find: FindObject, commit: string, dir: string): Promise<readonly SourceEntry[]> {
  const list = async (at: string): Promise<readonly SourceEntry[]> =>
    (await listTree(find, `${commit}:${at}`, '')).map((one) => sourceEntry(find, one, at));
  const file = async (path: string): Promise<SourceEntry | undefined> => {
    const real = await realInCommit(find, commit, path).catch((error: unknown) => {
      if (error instanceof AtmosError && error.code === 'link-loop') return undefined;
      throw error;
    });
    if (real === undefined) return undefined;
    const parent = await find(`${commit}:${posix.dirname(real) === '.' ? '' : posix.dirname(real)}`);
    const entry = parent?.type === 'tree' ? parseTree(parent).find((one) => one.path === posix.basename(real)) : undefined;
    const mode = MODES[entry?.mode ?? ''];
    if (entry === undefined || mode === undefined || mode === 'link') return undefined;
    return { path: '', mode, read: () => must(find, entry.id) };
  };
  const entries = await withLinks(dir, { list, file, real: (path) => realInCommit(find, commit, path) });
  // Nothing may be there because a link leads elsewhere: that is told then.
  if (entries.length === 0) await realInCommit(find, commit, dir);
  return entries;
}

/** Where a directory of a commit really is, links on the way followed: itself where there is none. @throws AtmosError `link-outside`, `link-loop` */
async function realInCommit(find: FindObject, commit: string, dir: string, depth = 0): Promise<string> {
  if (depth > LINKS) throw linkLoop(dir);
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

export function sourceEntry(find: FindObject, { mode, id, path }: ListedFile, dir: string): SourceEntry {
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
export type FindObject = (name: string) => Promise<GitObject | undefined>;

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

export function submodule(path: string): AtmosError {
  return new AtmosError(`${path} is a Git submodule; submodules are not supported`, {
    kind: 'invalid',
    code: 'submodule',
    hint: 'put the files into the repository',
  });
}

function byPath(a: SourceEntry, b: SourceEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
