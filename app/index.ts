/**
 * What the verbs do, without a terminal: opens a repository, makes releases, rolls them out, asks what runs.
 *
 * In: a directory, what the user asked for, how to run it. Out: answers that are plain data, events on the way, errors. Here the chain is put
 * together: scope → graph → results → release → record. `cli/` reads arguments and shows answers.
 */

export { type Comparison, compare } from './compare.ts';
export { type DescribedTarget, describe } from './describe.ts';
export { type Diagnosis, diagnose, type Finding } from './doctor.ts';
export { type Explanation, explain, type KeyDifference } from './explain.ts';
export { type DeploymentGraph, graphOf } from './graph.ts';
export { historyOf } from './history.ts';
export { importState } from './import-state.ts';
export { openWorkspace, type WorkspaceOptions } from './open-workspace.ts';
export { type PlanAnswer, type PlanRequest, plan } from './plan/plan.ts';
export { readSavedPlan, savedPlan, writeSavedPlan } from './plan/saved-plan.ts';
export { type CachePruning, pruneCache } from './prune-cache.ts';
export { publishTracking } from './publish.ts';
export type { SavedPlan } from './release/plan-file.ts';
export { type MadeRelease, makeRelease, type ReleaseRequest } from './release/release.ts';
export { type Reproduced, reproduce } from './release/reproduce.ts';
export type { RolloutRequest } from './release/request.ts';
export { exportReleaseTo, findRelease, loadRelease, storeRelease } from './release/stored.ts';
export { releasesOf } from './releases.ts';
export { type DestroyRequest, destroy } from './rollout/destroy.ts';
export { rollout } from './rollout/rollout.ts';
export type { Changed } from './rollout/target-change.ts';
export { type BuiltImage, buildImages, listImages, pullImages, verifyImages } from './runs/images.ts';
export { build, type PhaseAnswer, type PhaseRequest, test } from './runs/phases.ts';
export type { RunSettings } from './runs/session.ts';
export { discardState, forgetComponent, pushState, unlockState } from './state.ts';
export { approve, approveOperation } from './target/approve.ts';
export type { StateRequest } from './target/state-subject.ts';
export { type DeploymentStatus, statusOf, type TargetStatus } from './target/status.ts';
export { unlockTarget } from './unlock.ts';
export { deployments, validate } from './validate.ts';
export { type VerifyAnswer, verify } from './verify.ts';
export { eventSchema } from './workspace/event-schema.ts';
export {
  type CommandEvent,
  EVENT_VERSION,
  type Events,
  eventStream,
  type Notice,
  noticeOf,
  type Subscriber,
  warn,
} from './workspace/events.ts';
export { findRun, type Journal, journalNames, journals, type RunLine } from './workspace/journal.ts';
export { targetOf } from './workspace/revision.ts';
export type { Workspace } from './workspace/workspace.ts';
