import { posix } from 'node:path';
import { linkLoop } from '../../engine/index.ts';
import type { SourceEntry } from './types.ts';

/** How the files of a revision are looked at; paths are relative to the Git repository's root. */
interface Files {
  /** The entries below a directory, links as links; none where there is no directory. */
  list(dir: string): Promise<readonly SourceEntry[]>;
  /** Where a directory really is, links on the way followed. */
  real(dir: string): Promise<string>;
  /** A file, followed through whatever links lead to it; `undefined` where there is none. */
  file(path: string): Promise<SourceEntry | undefined>;
}

/** How many links in a row are followed. */
export const LINKS = 32;

/**
 * The entries below a directory, sorted. A link within it stays one; one that leads out of it stands for what it leads to, as long as that is in the
 * repository: whoever gets the directory gets all of it. A link that leads to nothing that a commit has, or out of the repository, stays as it is, and
 * says so.
 * @throws AtmosError `link-loop`
 */
export async function withLinks(dir: string, files: Files, depth = 0): Promise<readonly SourceEntry[]> {
  if (depth > LINKS) throw linkLoop(dir);
  const entries: SourceEntry[] = [];
  for (const entry of await files.list(dir)) {
    if (entry.mode !== 'link') entries.push(entry);
    else entries.push(...(await followed(dir, entry, files, depth)));
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function followed(dir: string, link: SourceEntry, files: Files, depth: number): Promise<readonly SourceEntry[]> {
  const to = Buffer.from(await link.read()).toString('utf8');
  const own = posix.normalize(posix.join(posix.dirname(link.path), to));
  if (!to.startsWith('/') && own !== '..' && !own.startsWith('../')) return [link];
  const full = posix.join(await files.real(dir), link.path);
  const target = posix.normalize(posix.join(posix.dirname(full), to));
  if (to.startsWith('/') || target === '..' || target.startsWith('../')) return [{ ...link, outside: full }];
  const file = await files.file(target);
  if (file !== undefined) return [{ ...file, path: link.path, real: target }];
  const below = await withLinks(target, files, depth + 1);
  if (below.length === 0) return [{ ...link, outside: full }];
  return below.map((entry) => ({ ...entry, path: `${link.path}/${entry.path}`, real: entry.real ?? `${target}/${entry.path}` }));
}
