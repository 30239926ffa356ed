import { lstatSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../base/remove.ts';
import type { Digest } from '../content/digest.ts';
import { parseResult } from './results.ts';
import { filesBelow, placeIn, readTree, storedIn } from './walk.ts';

export interface PruneRequest {
  /** Milliseconds since the epoch: what was last used before is dropped. `undefined` drops nothing for its age. */
  readonly unusedSince?: number | undefined;
  /** Bytes: what was not used for the longest time is dropped until no more are left. */
  readonly maxBytes?: number | undefined;
  /** Keys of results that stay, whatever their age and size. */
  readonly needed: readonly Digest[];
}

export interface PruneAnswer {
  /** Results and other answers that were dropped. */
  readonly results: number;
  /** Files that nothing needs any more. */
  readonly objects: number;
  /** Checked-out trees that nothing needs any more. */
  readonly trees: number;
  /** Bytes that were freed, and that are left. */
  readonly freed: number;
  readonly left: number;
}

/** An answer of the cache: a node's result with the trees that it stands for, or a text. */
interface Answer {
  readonly path: string;
  readonly used: number;
  readonly size: number;
  readonly trees: readonly Digest[];
  readonly isNeeded: boolean;
}

/**
 * Drops what is old, or too much, and then whatever no result stands for any more. To be called while no other process uses the store. A tree that a
 * result stands for stays whole.
 */
export function prune(dir: string, { unusedSince, maxBytes, needed }: PruneRequest): PruneAnswer {
  const neededPaths = new Set(needed.map((key) => placeIn(join(dir, 'results'), key)));
  const answers = [...storedIn(dir, 'results')].map(({ path }) => readAnswer(path, neededPaths.has(path)));
  for (const { path } of storedIn(dir, 'texts')) answers.push({ ...usedAndSize(path), trees: [], isNeeded: false });
  const sizes = new Map([...storedIn(dir, 'objects')].map(({ digest, path }) => [digest, lstatSync(path).size] as const));
  const checkouts = new Map([...storedIn(dir, 'trees')].map(({ digest, path }) => [digest, sizeBelow(path)] as const));
  const uses = new Uses(dir);
  for (const { trees } of answers) for (const tree of trees) uses.add(tree);

  const dropped = new Set<Answer>();
  let total = sum(answers.map(({ size }) => size)) + sum(sizes.values()) + sum(checkouts.values());
  const before = total;
  const free = (digest: Digest): void => {
    total -= (sizes.get(digest) ?? 0) + (checkouts.get(digest) ?? 0);
  };
  for (const digest of new Set([...sizes.keys(), ...checkouts.keys()])) if (!uses.has(digest)) free(digest);
  for (const answer of answers.sort((a, b) => a.used - b.used || (a.path < b.path ? -1 : 1))) {
    const isOld = unusedSince !== undefined && answer.used < unusedSince;
    const isTooMuch = maxBytes !== undefined && total > maxBytes;
    if (answer.isNeeded || !(isOld || isTooMuch)) continue;
    dropped.add(answer);
    total -= answer.size;
    for (const tree of answer.trees) for (const digest of uses.remove(tree)) free(digest);
  }

  // Answers first: should this end halfway, none stands for what is gone.
  for (const { path } of dropped) rmSync(path, { force: true });
  const trees = [...storedIn(dir, 'trees')].filter(({ digest }) => !uses.has(digest));
  const objects = [...storedIn(dir, 'objects')].filter(({ digest }) => !uses.has(digest));
  for (const { path } of [...trees, ...objects]) removeTree(path);
  return { results: dropped.size, objects: objects.length, trees: trees.length, freed: before - total, left: total };
}

function readAnswer(path: string, isNeeded: boolean): Answer {
  const result = parseResult(readFileSync(path, 'utf8'));
  return { ...usedAndSize(path), isNeeded, trees: result === undefined ? [] : Object.values(result.outputs) };
}

function usedAndSize(path: string): Pick<Answer, 'path' | 'used' | 'size'> {
  const { size, mtimeMs } = statSync(path);
  return { path, used: mtimeMs, size };
}

/** How often each tree and object is needed: a tree by results, an object by trees, and by being one. */
class Uses {
  readonly #dir: string;
  readonly #counts = new Map<Digest, number>();
  constructor(dir: string) {
    this.#dir = dir;
  }

  has(digest: Digest): boolean {
    return this.#counts.has(digest);
  }

  add(tree: Digest): void {
    if (this.#change(tree, 1) === 1) for (const digest of this.#entries(tree)) this.#change(digest, 1);
  }

  /** Returns what nothing needs any more. */
  remove(tree: Digest): readonly Digest[] {
    if (this.#change(tree, -1) > 0) return [];
    return [tree, ...this.#entries(tree).filter((digest) => this.#change(digest, -1) === 0)];
  }

  #change(digest: Digest, by: number): number {
    const count = (this.#counts.get(digest) ?? 0) + by;
    if (count === 0) this.#counts.delete(digest);
    else this.#counts.set(digest, count);
    return count;
  }

  /** The contents of a tree, each once; none where it is damaged or gone: then its result counts no more. */
  #entries(tree: Digest): readonly Digest[] {
    const digests = readTree(this.#dir, tree)?.entries.map(({ digest }) => digest) ?? [];
    return [...new Set(digests)].filter((digest) => digest !== tree);
  }
}

/** Bytes of all files below a directory. */
export function sizeBelow(dir: string): number {
  return sum([...filesBelow(dir)].map(({ path }) => lstatSync(join(dir, path)).size));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
