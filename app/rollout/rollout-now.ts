import { AtmosError, shortId } from '../../engine/index.ts';
import type { Kinds } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import {
  approvableNow,
  checkApprovals,
  checkPromotion,
  orphansOf,
  type RecordKind,
  rolloutWork,
  type TargetState,
  type Work,
} from '../../tracking/index.ts';
import { hasChanges, plannedWork, refuseStale, savedPlan } from '../plan/saved-plan.ts';
import { chooseRelease, type SelectedRelease } from '../release/choice.ts';
import { refuseForgotten } from '../release/forgotten.ts';
import { lockedIn, refuseLockedNow } from '../release/locked.ts';
import type { SavedPlan } from '../release/plan-file.ts';
import { candidateOf } from '../release/refusal.ts';
import type { RolloutRequest } from '../release/request.ts';
import { situationOf } from '../release/situation.ts';
import { storeRelease } from '../release/stored.ts';
import { isRunning, wantedOf } from '../release/wanted.ts';
import type { RunSettings } from '../runs/session.ts';
import { settleSuperseded } from '../target/settle.ts';
import { recordEarlier } from '../target/unrecorded.ts';
import { untouched } from '../target/untouched.ts';
import { addressOf } from '../workspace/address.ts';
import { hasRules, refuseOffPolicy, refuseOtherSecrets } from '../workspace/rules.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { changeTarget } from './change.ts';
import { nothingToDo } from './nothing-to-do.ts';
import type { Changed } from './target-change.ts';

/**
 * Brings a release to its target and records it: policy, lock, intent, apply in dependency order, outcome. What is up to date is left alone.
 * A component's failure is in the answer; everything else that is wrong is thrown.
 * @throws AtmosError refusals: `not-promoted`, `not-approved`, `locked`, `dirty-tree`, …
 */
export async function rolloutNow(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<Changed> {
  const { deployment, target, component, saved } = request;
  if (component !== undefined && request.prune) {
    throw new AtmosError('--component and --prune cannot be used together', {
      kind: 'invalid',
      code: 'usage',
      hint: 'to destroy one component: atmos-deployment destroy <deployment> --component <address>',
    });
  }
  await recordEarlier(workspace, { deployment, target });
  if (saved !== undefined) await checkSaved(workspace, request, saved, settings);
  const { ledger, repository } = await workspace.tracking();
  const [by, situation] = await Promise.all([repository.identity(), situationOf(workspace, request)]);
  const { rules, ids, sources } = situation;
  const chosen = await chooseRelease(workspace, request, situation, settings);
  const { release, session } = chosen;
  try {
    const before = await ledger.stateIn({ deployment, target }, ids);
    await settleSuperseded(workspace, before, settings.cancellation.interrupt);
    const candidate = candidateOf(release);
    const kinds = await workspace.kinds.load();
    const wanted = wantedOf(kinds, release);
    const prune = request.prune || chosen.prune;
    // What ran here once was allowed here once.
    if (!before.ran.some((ran) => ran.release === release.digest)) checkPromotion(candidate, rules, sources);
    const isDone = (state: TargetState): boolean => {
      const isPruned = prune && orphansOf(state, Object.keys(wanted)).length > 0;
      const isAsked = request.all || component !== undefined || isPruned || (saved !== undefined && hasChanges(saved));
      return !isAsked && isRunning(release.digest, wanted, state);
    };
    const answerWhenDone = (state: TargetState, ran: boolean): Changed => nothingToDo(state, release.digest, wanted, ran);
    // Where nothing is to be done, nothing is to be refused.
    if (isDone(before)) return answerWhenDone(before, session.ran);
    await refuseForgotten(workspace, release, before);
    await refuseOffPolicy(release, rules);
    refuseOtherSecrets(release, rules);
    // Where nobody approves of it, its commit must have it.
    if (chosen.named && rules.approvals === 0 && hasRules(rules) && !before.ran.some((ran) => ran.release === release.digest))
      await refuseForged(workspace, release, settings);
    const asked = component === undefined ? undefined : addressOf(component, Object.keys(release.config.components));
    const check = (state: TargetState): void => {
      checkApprovals({ ...candidate, operation: 'rollout' }, rules, state, by);
      // Whoever approved of the release did not approve of what one asks for with --prune.
      const isMore = request.prune && !chosen.prune && component === undefined && orphansOf(state, Object.keys(wanted)).length > 0;
      if (isMore) checkApprovals(approvableNow('destroy', state), rules, state, by);
    };
    const work = (state: TargetState): Work => {
      const all = rolloutWork(state, wanted, { all: request.all, component: asked, prune });
      return saved === undefined ? all : plannedWork(saved, all, state);
    };
    // What is left for another plan could not be brought in step with what is applied now.
    if (saved !== undefined) refuseLockedNow(lockedIn(release), Object.keys(saved.deferred));
    if (request.dryRun) return wouldRun(kinds, release, before, work(before), session.ran);
    await requireApprovals(workspace, release, () => check(before));
    return await changeTarget(
      workspace,
      {
        kind: kindOf(chosen, before),
        deployment,
        target,
        release,
        promotedFrom: chosen.promotedFrom,
        by,
        ids,
        state: before,
        scope: chosen.scope,
        initialized: chosen.initialized,
        declared: new Set(Object.keys(wanted)),
        check,
        work,
        isDone,
        answerWhenDone,
        saved,
        left: Object.keys(saved?.deferred ?? {}),
      },
      session,
      settings,
    );
  } finally {
    await session.close();
  }
}

/** Plans again what was planned and saved: nothing is applied that would do anything else. @throws AtmosError `stale-plan` */
async function checkSaved(workspace: Workspace, request: RolloutRequest, saved: SavedPlan, settings: RunSettings): Promise<void> {
  const { plan } = await import('../plan/plan.ts');
  const answer = await plan(workspace, request, settings);
  if (answer.failure !== undefined) throw answer.failure;
  refuseStale(saved, savedPlan(request, answer));
}

/** A release that waits for approval is kept, so that whoever approves can look at it. @throws AtmosError `not-approved` */
async function requireApprovals(workspace: Workspace, release: Release, check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    await storeRelease(workspace, release);
    throw error;
  }
}

function kindOf({ promotedFrom, release }: SelectedRelease, state: TargetState): RecordKind {
  // What ran here before, and something else since, is gone back to, wherever it came from.
  if (state.release !== release.digest && state.ran.some((ran) => ran.release === release.digest)) return 'rollback';
  return promotedFrom === null ? 'rollout' : 'promotion';
}

/** The answer of a dry run: what would be run, by component. */
function wouldRun(kinds: Kinds, release: Release, state: TargetState, work: Work, ran: boolean): Changed {
  const { deployment, target } = release.config;
  const wanted = wantedOf(kinds, release);
  const declared = Object.entries(wanted).map(
    ([address, own]) => [address, untouched(work.has(address) ? 'planned' : 'up-to-date', release.digest, own)] as const,
  );
  const orphans = orphansOf(state, Object.keys(wanted));
  const others = orphans.flatMap((address) => {
    const running = state.components[address];
    return running === undefined
      ? []
      : [[address, untouched(work.has(address) ? 'destroy-planned' : 'orphaned', running.release, running)] as const];
  });
  const components = Object.fromEntries([...declared, ...others]);
  return {
    deployment,
    target,
    release: release.digest,
    components,
    orphans,
    record: undefined,
    plans: {},
    warnings: {},
    failure: undefined,
    ran,
  };
}

/** A release says of which commit it is: whoever can push one can say so of anything. @throws AtmosError `not-reproduced` */
async function refuseForged(workspace: Workspace, release: Release, settings: RunSettings): Promise<void> {
  const { remake } = await import('../release/reproduce.ts');
  const made = await remake(workspace, release, settings);
  if (made.digest === release.digest) return;
  const { target, commit } = release.config;
  throw new AtmosError(
    `release ${shortId(release.digest)} differs from what commit ${commit.slice(0, 12)} produces, and ${target} only accepts what it produces`,
    {
      kind: 'refused',
      code: 'not-reproduced',
      hint: `see what differs: atmos-deployment reproduce ${shortId(release.digest)}`,
    },
  );
}
