import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, isMissing } from '../base/errors.ts';
import { removeTree } from '../base/remove.ts';
import { asDigest, type Digest, sha256 } from '../content/digest.ts';
import type { Tree } from '../content/tree.ts';
import { isDirectory } from './checkout.ts';
import { sizeBelow } from './prune.ts';
import { isIntact, parseResult } from './results.ts';
import { isIntactText } from './texts.ts';
import { filesBelow, namesIn, readTree, storedIn } from './walk.ts';

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface StoreStats {
  /** File contents, each once. */
  readonly objects: Amount;
  /** Trees as directories, which containers mount. */
  readonly trees: Amount;
  /** What nodes made, by key. */
  readonly results: Amount;
  /** Other answers: parsed files, and what commits made. */
  readonly texts: Amount;
  /** What processes use just now, or left. */
  readonly temporary: Amount;
  readonly bytes: number;
}

/** Counts what a store holds. */
export function stats(dir: string): StoreStats {
  const results: number[] = [];
  const texts: number[] = [];
  for (const { path } of storedIn(dir, 'results')) {
    const text = readFileSync(path);
    (parseResult(text.toString('utf8')) === undefined ? texts : results).push(text.length);
  }
  for (const { path } of storedIn(dir, 'texts')) texts.push(lstatSync(path).size);
  const parts = {
    objects: amount([...storedIn(dir, 'objects')].map(({ path }) => lstatSync(path).size)),
    trees: amount([...storedIn(dir, 'trees')].map(({ path }) => sizeBelow(path))),
    results: amount(results),
    texts: amount(texts),
    temporary: amount(namesIn(join(dir, 'tmp')).map((name) => sizeOfLive(join(dir, 'tmp', name)))),
  };
  return { ...parts, bytes: Object.values(parts).reduce((total, { bytes }) => total + bytes, 0) };
}

/** Its owner may be at work in it, or leave. */
function sizeOfLive(dir: string): number {
  try {
    return sizeBelow(dir);
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ENOTDIR') return 0;
    throw error;
  }
}

function amount(sizes: readonly number[]): Amount {
  return { count: sizes.length, bytes: sizes.reduce((total, size) => total + size, 0) };
}

export interface StoreCheck {
  readonly checked: number;
  /** Paths below the store of what was damaged. They were dropped: whatever made them makes them again. */
  readonly damaged: readonly string[];
}

/** Reads everything that a store holds, and drops what is not what its name says. */
export function verify(dir: string): StoreCheck {
  const damaged: string[] = [];
  let checked = 0;
  const check = (path: string, isWhole: boolean): void => {
    checked += 1;
    if (isWhole) return;
    removeTree(path);
    damaged.push(path.slice(dir.length + 1));
  };
  for (const { path, digest } of storedIn(dir, 'objects')) check(path, digestOf(path) === digest);
  for (const { path } of storedIn(dir, 'results')) check(path, isIntact(readFileSync(path, 'utf8')));
  for (const { path } of storedIn(dir, 'texts')) check(path, isIntactText(readFileSync(path)));
  for (const { path, digest } of storedIn(dir, 'trees')) check(path, isAsTree(path, readTree(dir, digest)));
  return { checked, damaged };
}

const CHUNK = 1024 * 1024;

/** The digest of a file of any size; a chunk of it is in memory at a time. */
function digestOf(path: string): Digest {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return asDigest(`sha256:${hash.digest('hex')}`);
}

/** Whether a directory holds just what its tree says. One whose tree is not known can be laid out again when it is. */
function isAsTree(dir: string, tree: Tree | undefined): boolean {
  if (tree === undefined) return false;
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  for (const { path, isLink } of filesBelow(dir)) {
    const entry = entries.get(path);
    const full = join(dir, path);
    if (entry === undefined || isLink !== (entry.mode === 'link')) return false;
    if ((isLink ? sha256(readlinkSync(full)) : digestOf(full)) !== entry.digest) return false;
    if (!isLink && ((lstatSync(full).mode & 0o100) !== 0) !== (entry.mode === '755')) return false;
    entries.delete(path);
  }
  return [...entries.values()].every(({ path, mode }) => mode === 'directory' && isDirectory(join(dir, path)));
}
