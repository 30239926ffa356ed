import type { LockFile } from './lock-file.ts';

export const EMPTY_LOCK: LockFile = { images: {} };

/** @throws AtmosError `invalid-lock` with the line. */
export async function parseLock(text: string, file: string): Promise<LockFile> {
  // The library is loaded only where there is something to read or write.
  return (await import('./lock-yaml.ts')).parseLock(text, file);
}

export async function formatLock(lock: LockFile): Promise<string> {
  return (await import('./lock-yaml.ts')).formatLock(lock);
}
