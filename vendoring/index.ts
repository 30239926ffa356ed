/**
 * Where what is deployed comes from: source trees, and the lock file that pins what was resolved.
 *
 * In: files of a repository, the lock file's text. Out: trees in the store, pins.
 */
export { EMPTY_LOCK, formatLock, type ImagePin, type LockFile, parseLock } from './lock.ts';
export { importSource, type SourceFile } from './source.ts';
