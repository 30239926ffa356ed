/**
 * Where what is deployed comes from: source trees, and the lock file that pins what was resolved.
 *
 * In: files of a repository, the lock file's text. Out: trees in the store, pins.
 */
export { EMPTY_LOCK, formatLock, parseLock } from './lock.ts';
export type { ImagePin, LockFile } from './lock-file.ts';
export { importSource, type SourceFile } from './source.ts';
