/**
 * The content store: file contents, trees and node results by digest, on disk, shared by every process of a user.
 *
 * In: bytes, directories, results. Out: the same, verified. What is damaged is dropped and counts as missing.
 * Contents and results are files, written to a temporary name, then moved, and verified on read; beside them stand
 * checked-out trees, which containers mount read-only, and temporary directories, which the next process removes when
 * their owner is gone.
 */

export type { StoreCheck, StoreStats } from './inspect.ts';
export type { PruneAnswer } from './prune.ts';
export type { NodeResult } from './results.ts';
export { openStore, type Store } from './store.ts';
export { TREE_TIME } from './walk.ts';
