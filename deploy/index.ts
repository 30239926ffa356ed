/**
 * What the verbs do, without a terminal: opens a repository, makes releases, rolls them out, asks what runs.
 *
 * In: a directory, what the user asked for, how to run it. Out: answers that are plain data, events on the way, errors. Here the chain is put
 * together: scope → graph → results → release → record. `cli/` reads arguments and shows answers.
 */
export { approve } from './approve.ts';
export { type BuiltImage, buildImages } from './images.ts';
export { type PlanAnswer, plan } from './plan.ts';
export { findRelease, listReleases, loadRelease, type MadeRelease, makeRelease, type ReleaseRequest, storeRelease } from './release.ts';
export { targetOf, worktreeOptions } from './revision.ts';
export { type RolloutAnswer, type RolloutRequest, rollout } from './rollout.ts';
export type { RunSettings } from './session.ts';
export { unlockTarget } from './unlock.ts';
export { openWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts';
