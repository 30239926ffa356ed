import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asDigest, type Digest } from '../digest.ts';
import { isMissing } from '../errors.ts';

/** Something that lies in a store under a digest: `objects/2c/f24d…`. */
export interface Stored {
  readonly path: string;
  readonly digest: Digest;
}

/** What lies in one part of a store, in no order. Names that are none of ours are passed over. */
export function* storedIn(dir: string, part: 'objects' | 'trees' | 'results'): Generator<Stored> {
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
