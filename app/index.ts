/**
 * What the verbs do, without a terminal: opens a repository, makes releases, rolls them out, asks what runs.
 *
 * In: a directory, what the user asked for, how to run it. Out: answers that are plain data, events on the way, errors. Here the chain is put
 * together: scope → graph → results → release → record. `cli/` reads arguments and shows answers.
 */
export { addressOf } from './address.ts';
export { approve, approveOperation } from './approve.ts';
export { type Comparison, compare } from './compare.ts';
export { type DestroyRequest, destroy } from './destroy.ts';
export { type Diagnosis, diagnose, type Finding } from './doctor.ts';
export { eventSchema } from './event-schema.ts';
export { type CommandEvent, EVENT_VERSION, type Events, eventStream, type Notice, noticeOf, type Subscriber, warn } from './events.ts';
export { type Explanation, explain, type KeyDifference } from './explain.ts';
export { type BuiltImage, buildImages, listImages, pullImages, verifyImages } from './images.ts';
export { importState } from './import-state.ts';
export { findRun, type Journal, journalNames, journals, type RunLine } from './journal.ts';
export { openWorkspace, type WorkspaceOptions } from './open-workspace.ts';
export { type PlanAnswer, type PlanRequest, plan } from './plan.ts';
export type { SavedPlan } from './plan-file.ts';
export { publishTracking } from './publish.ts';
export {
  exportReleaseTo,
  findRelease,
  listReleases,
  loadRelease,
  type MadeRelease,
  makeRelease,
  type ReleaseRequest,
  storeRelease,
} from './release.ts';
export { type Reproduced, reproduce } from './reproduce.ts';
export type { RolloutRequest } from './request.ts';
export { targetOf, worktreeOptions } from './revision.ts';
export { rollout } from './rollout.ts';
export { readSavedPlan, savedPlan, writeSavedPlan } from './saved-plan.ts';
export type { RunSettings } from './session.ts';
export { discardState, forgetComponent, pushState, unlockState } from './state.ts';
export type { StateRequest } from './state-subject.ts';
export { type DeploymentStatus, requireTarget, statusOf, type TargetStatus } from './status.ts';
export type { Changed } from './target-change.ts';
export { build, type PhaseAnswer, type PhaseRequest, test } from './test.ts';
export { unlockTarget } from './unlock.ts';
export { type CachePruning, pruneCache } from './upkeep.ts';
export { type VerifyAnswer, verify } from './verify.ts';
export type { Workspace } from './workspace.ts';
