import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, isMissing } from './errors.ts';

/** Removes a directory with all that is in it, also where a program has left directories in which its owner may not write. */
export function removeTree(path: string): void {
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
  try {
    remove();
  } catch (error) {
    // Where something is missing, another process removes it, too.
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM') openUp(path);
    else if (!isMissing(error)) throw error;
    remove();
  }
}

/** Lets the owner into a directory and all below it. */
function openUp(dir: string): void {
  if (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) openUp(join(dir, entry.name));
}
