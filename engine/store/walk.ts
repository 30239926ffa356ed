import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, isMissing } from '../base/errors.ts';
import { asDigest, type Digest, hex, sha256 } from '../content/digest.ts';
import type { Tree } from '../content/tree.ts';

/** Something that lies in a store under a digest: `objects/2c/f24d…`. */
export interface Stored {
  readonly path: string;
  readonly digest: Digest;
}

/** The directories of a store. */
export type Part = 'objects' | 'trees' | 'results' | 'texts' | 'turns';

/** Where something lies in a directory of a store: below the first two digits of its digest, under the others. */
export function placeIn(dir: string, digest: Digest): string {
  const name = hex(digest);
  return `${dir}/${name.slice(0, 2)}/${name.slice(2)}`;
}

/**
 * Puts something in a path, whose directory is made where that fails for want of one. Whether it is there is not asked: another process may have made
 * it since.
 */
export function putInPlace<T>(path: string, put: () => T): T {
  try {
    return put();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return put();
  }
}

/** A tree that lies in a store; `undefined` when it is not there, or damaged. */
export function readTree(dir: string, digest: Digest): Tree | undefined {
  try {
    const bytes = readFileSync(placeIn(join(dir, 'objects'), digest));
    return sha256(bytes) === digest ? (JSON.parse(bytes.toString('utf8')) as Tree) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What lies in one part of a store, in no order. Names that are none of ours are passed over. */
export function* storedIn(dir: string, part: Part): Generator<Stored> {
  for (const first of namesIn(join(dir, part)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    for (const rest of namesIn(join(dir, part, first)).filter((name) => /^[0-9a-f]{62}$/.test(name))) {
      yield { path: join(dir, part, first, rest), digest: asDigest(`sha256:${first}${rest}`) };
    }
  }
}

/** The names in a directory; none when it is not there. */
export function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Every file and link below a directory, by its path from there. */
export function* filesBelow(dir: string, below = ''): Generator<{ readonly path: string; readonly isLink: boolean }> {
  for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(dir, path);
    else yield { path, isLink: entry.isSymbolicLink() };
  }
}

/** Every file of a checked-out tree has this time (1980-01-01 UTC, the earliest that a zip archive can say), in seconds. */
export const TREE_TIME = 315_532_800;
