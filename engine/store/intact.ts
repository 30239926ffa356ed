import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../base/errors.ts';
import { type Digest, sha256 } from '../content/digest.ts';
import type { Tree, TreeEntry } from '../content/tree.ts';
import { markDone } from './checkout.ts';
import { digestOf } from './contents.ts';
import { TREE_TIME } from './walk.ts';

/**
 * Whether a checked-out directory is what its tree says, and nothing else. The directory's own change time is set when all in it is done: a file that nothing
 * was done to since is not read again, any other is; so is one that was done in the same instant, as clocks tell it.
 */
export async function isIntact({ entries }: Tree, dir: string): Promise<boolean> {
  const expected = new Map<string, TreeEntry | undefined>([['', undefined]]);
  for (const entry of entries) {
    expected.set(entry.path, entry);
    // Directories above it are implied, but for those that are entries themselves.
    for (let at = entry.path.lastIndexOf('/'); at > 0; at = entry.path.lastIndexOf('/', at - 1)) {
      const above = entry.path.slice(0, at);
      if (expected.has(above)) break;
      expected.set(above, undefined);
    }
  }
  try {
    const done = lstatSync(dir).ctimeMs;
    let found = 1;
    const doubtful: [path: string, entry: TreeEntry][] = [];
    for (const path of everythingBelow(dir)) {
      found += 1;
      const entry = expected.get(path);
      const stats = lstatSync(join(dir, path));
      if (!expected.has(path) || !looksRight(stats, entry)) return false;
      if (entry !== undefined && entry.mode !== 'directory' && (stats.ctimeMs >= done || entry.mode === 'link'))
        doubtful.push([path, entry]);
    }
    if (found !== expected.size) return false;
    for (const [path, { digest, mode }] of doubtful) if ((await contentOf(join(dir, path), mode === 'link')) !== digest) return false;
    if (doubtful.some(([, { mode }]) => mode !== 'link')) markDone(dir);
    return true;
  } catch (error) {
    // Somebody takes it away just now.
    if (isMissing(error)) return false;
    throw error;
  }
}

function looksRight(stats: Stats, entry: TreeEntry | undefined): boolean {
  if (entry === undefined || entry.mode === 'directory') return stats.isDirectory() && (stats.mode & 0o7777) === 0o755;
  if (entry.mode === 'link') return stats.isSymbolicLink();
  const mode = entry.mode === '755' ? 0o755 : 0o644;
  return stats.isFile() && (stats.mode & 0o7777) === mode && stats.size === entry.size && stats.mtimeMs === TREE_TIME * 1000;
}

async function contentOf(path: string, isLink: boolean): Promise<Digest> {
  return isLink ? sha256(Buffer.from(readlinkSync(path))) : digestOf(path);
}

function* everythingBelow(dir: string, below = ''): Generator<string> {
  for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    yield path;
    if (entry.isDirectory()) yield* everythingBelow(dir, path);
  }
}
