/**
 * Git as the database: what runs where, since when, by whom, approved by whom.
 *
 * In: records of rollouts and approvals. Out: the state of targets, their history, locks, refusals. All access to Git is here, in `git/`;
 * refs live under `refs/atmos/`, on the remote where there is one.
 */
export { type Comparison, compareTarget, currentComponents, type Wanted, type WantedComponents } from './current.ts';
export { fold, step } from './fold.ts';
export { readFiles, type StoredFile, writeCommit, writeTree } from './git/files.ts';
export { headFacts, remoteUrl } from './git/head.ts';
export { pause, type Stop } from './git/network.ts';
export { ANY, type Patience, Refs, type RefUpdate } from './git/refs.ts';
export { openRepository } from './git/repository.ts';
export type { Person, Repository, SourceEntry } from './git/types.ts';
export { type Appended, componentRef, type Entry, Ledger, ledgerRef, type RefIds } from './ledger.ts';
export { type Claim, EXPIRY, type Lock, type LockSite, Locks, lockLost, lockRef } from './lock.ts';
export type { LockOwner } from './lock-owner.ts';
export { LockWatch, type SteadyClock, type WatchMemory } from './lock-watch.ts';
export {
  type Approvable,
  approvableNow,
  type Candidate,
  checkApprovals,
  checkApprover,
  checkPromotion,
  checkSource,
  type Rules,
} from './policy.ts';
export * from './types.ts';
export {
  dependentsOf,
  destroyWork,
  type Operation,
  orderOf,
  orphansOf,
  type RolloutChoice,
  reversed,
  rolloutWork,
  type Work,
  withoutLoops,
} from './work.ts';
