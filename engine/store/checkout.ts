import { chmodSync, lstatSync, mkdirSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AtmosError, errorCode, isMissing } from '../base/errors.ts';
import { removeTree } from '../base/remove.ts';
import type { Digest } from '../content/digest.ts';
import type { Tree, TreeEntry } from '../content/tree.ts';
import type { Contents } from './contents.ts';
import { placeIn, TREE_TIME } from './walk.ts';

/**
 * Lays a tree out as a directory, made under a temporary name and moved into place, so that it is there whole or not at all.
 * Modes are set, whatever the umask; times are fixed.
 */
export async function checkOut(tree: Tree, contents: Pick<Contents, 'get' | 'writeTo'>, target: string, temporary: string): Promise<void> {
  mkdirSync(temporary, { recursive: true });
  const dirs = new Set<string>([temporary]);
  for (const entry of tree.entries) {
    const path = join(temporary, entry.path);
    const dir = entry.mode === 'directory' ? path : dirname(path);
    if (!dirs.has(dir)) {
      mkdirSync(dir, { recursive: true });
      for (let d = dir; !dirs.has(d); d = dirname(d)) dirs.add(d);
    }
    if (entry.mode !== 'directory') await writeEntry(entry, path, contents);
  }
  for (const dir of dirs) {
    chmodSync(dir, 0o755);
    utimesSync(dir, TREE_TIME, TREE_TIME);
  }
  mkdirSync(dirname(target), { recursive: true });
  try {
    renameSync(temporary, target);
    markDone(target);
  } catch (error) {
    // Another process was first: its copy is as good.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    removeTree(temporary);
  }
}

/** Says that all below a directory is as it is meant to be: no change time there is after the directory's own (`intact.ts`). */
export function markDone(dir: string): void {
  try {
    utimesSync(dir, TREE_TIME, TREE_TIME);
  } catch {
    // Where it can't be said, everything is read again.
  }
}

async function writeEntry(entry: TreeEntry, path: string, contents: Pick<Contents, 'get' | 'writeTo'>): Promise<void> {
  if (entry.mode === 'link') {
    const to = await contents.get(entry.digest);
    if (to === undefined)
      throw new AtmosError(`link ${entry.path} of a tree is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
    symlinkSync(Buffer.from(to).toString('utf8'), path);
    return;
  }
  await contents.writeTo(entry.digest, entry.size, path);
  chmodSync(path, entry.mode === '755' ? 0o755 : 0o644);
  utimesSync(path, TREE_TIME, TREE_TIME);
}

/** The path of a checked-out tree below the store's directory. */
export function checkoutPath(dir: string, digest: Digest): string {
  return placeIn(join(dir, 'trees'), digest);
}

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Moves a checked-out tree out of the way, for whoever still uses it; another process may be first. */
export function moveAway(path: string, temporary: string): void {
  try {
    renameSync(path, join(temporary, 'tree'));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
