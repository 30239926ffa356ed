import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * Where compiled code is kept: `atmos-deployment` in the user's cache directory. Whoever can write there can have us run anything, so it is used only where
 * it is ours and nobody else may write to it. Node's own place is below `/tmp`, where anybody may have been first. `undefined` where there is none.
 */
export function codeDirectory({ HOME = '', XDG_CACHE_HOME = '' }: NodeJS.ProcessEnv = process.env): string | undefined {
  const base = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : isAbsolute(HOME) ? join(HOME, '.cache') : undefined;
  if (base === undefined) return undefined;
  const dir = join(base, 'atmos-deployment');
  try {
    const found = lstatSync(dir, { throwIfNoEntry: false }) ?? made(base, dir);
    return found.isDirectory() && isOursAlone(found) ? dir : undefined;
  } catch {
    // It is only for speed.
    return undefined;
  }
}

/** Whether a file or directory belongs to the user that we are, and no other may write to it. */
export function isOursAlone({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

/** Made below what is ours: no home directory, and nothing in somebody else's, where it would be in the way. */
function made(base: string, dir: string): Stats {
  for (const one of [base, dir]) {
    if (lstatSync(one, { throwIfNoEntry: false }) !== undefined) continue;
    if (statSync(dirname(one)).uid !== process.getuid?.()) throw new Error(`${dirname(one)} is owned by another user`);
    mkdirSync(one, { mode: 0o700 });
  }
  return lstatSync(dir);
}
