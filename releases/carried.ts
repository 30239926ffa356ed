import { type Digest, jsonDigest, type Tree } from '../engine/index.ts';

/** What a component's layer says of what it was made from. */
export interface Carried {
  /** Digest of what it takes along when it is promoted: source tree, lock file, image. */
  readonly artifact: Digest;
  /** Digest of the exact source tree. */
  readonly source: Digest;
}

/** Of a layer: computed when a release is made, and whenever one is read. */
export function carriedIn({ entries }: Tree): Carried {
  const carried = entries.filter(({ path }) => path.startsWith('source/') || path === '.terraform.lock.hcl' || path === 'image.json');
  return { artifact: jsonDigest(carried), source: jsonDigest(carried.filter(({ path }) => path.startsWith('source/'))) };
}
