import { AtmosError } from '../../engine/index.ts';
import { unknownIn } from '../../phases/index.ts';
import {
  type Appended,
  type Claim,
  type Entry,
  type Lock,
  lockRef,
  pause,
  type RefIds,
  type RefUpdate,
  type StateLocation,
  type TargetState,
  type Work,
} from '../../tracking/index.ts';
import { refuseLocked } from '../release/locked.ts';
import { releaseUpdate } from '../release/stored.ts';
import type { RunSettings, Session } from '../runs/session.ts';
import { checkStates, locateState } from '../states/local-state.ts';
import { refuseShared } from '../states/shared-state.ts';
import { type ChangeSubject, intentEntry } from '../target/record.ts';
import { type RolloutInputs, rolloutInputsOf, workKey } from '../target/rollout-inputs.ts';
import { append } from '../workspace/append.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Change } from './target-change.ts';

export interface Prepared {
  readonly key: string;
  readonly work: Work;
  readonly ground: RolloutInputs;
  readonly locations: ReadonlyMap<string, StateLocation>;
}

/** Reads what some work needs, and refuses what this clone must not touch. @throws AtmosError `component-locked`, what `checkStates` and `refuseShared` throw */
export async function prepare(workspace: Workspace, change: Change, state: TargetState, work: Work, session: Session): Promise<Prepared> {
  const { deployment, target, declared, scope, release, initialized } = change;
  const ground = await rolloutInputsOf(workspace, state, work, release, { initialized, session, scope });
  await refuseLocked(workspace, work, { deployment, target, subjects: ground.subjects, declared, locked: scope?.locked ?? [] });
  await checkStates(workspace, ground, state);
  await refuseShared(workspace, state, ground.instances);
  refuseUnknown(change, unknownIn({ ...ground, work }));
  const locations = new Map<string, StateLocation>();
  for (const instance of Object.values(ground.instances)) {
    const location = await locateState(workspace, instance);
    if (location !== null) locations.set(instance.address, location);
  }
  return { key: workKey(work), work, ground, locations };
}

/** What reads outputs of components that are not applied can't be applied alone. @throws AtmosError `upstream-not-applied` */
function refuseUnknown({ deployment, target }: Change, unknown: Readonly<Record<string, readonly string[]>>): void {
  const [first] = Object.entries(unknown);
  if (first === undefined) return;
  const [address, upstream] = first;
  throw new AtmosError(
    `${address} reads outputs of ${upstream.join(', ')}, which ${upstream.length === 1 ? 'is' : 'are'} not applied in ${target}`,
    {
      kind: 'refused',
      code: 'upstream-not-applied',
      hint: `roll out all of it: atmos-deployment rollout ${deployment} --target ${target}`,
    },
  );
}

/** Begins as soon as nobody else is at work, if that is worth waiting for. @throws AtmosError `locked` */
export async function beginInLine(
  workspace: Workspace,
  change: Change,
  first: Prepared,
  session: Session,
  { lockTimeoutMs, cancellation }: RunSettings,
): Promise<Begun | Done> {
  const until = performance.now() + lockTimeoutMs;
  let own = change;
  for (let round = 0; ; round += 1) {
    try {
      return await begin(workspace, own, first, session);
    } catch (error) {
      if (!(error instanceof AtmosError) || error.code !== 'locked' || performance.now() > until) throw error;
      if (round === 0) {
        const { deployment, target } = change;
        workspace.events.emit({ type: 'lock-waiting', deployment, target, message: error.message });
      }
      await awaitLock(workspace, change, until, cancellation.interrupt);
      // What was read before is not true any more.
      own = { ...change, ids: undefined };
    }
  }
}

/** Waits until nobody holds a target's lock, or it is too late. */
async function awaitLock(workspace: Workspace, { deployment, target }: Change, until: number, signal: AbortSignal): Promise<void> {
  const { locks } = await workspace.tracking();
  for (let pauseMs = 200; performance.now() < until; pauseMs = Math.min(5000, pauseMs * 1.3)) {
    await pause(Math.min(until - performance.now(), pauseMs * (0.5 + Math.random())), signal);
    if ((await locks.holder({ deployment, target })) === undefined) return;
  }
}

/** Somebody else had done it when its turn came. */
export interface Done {
  readonly done: TargetState;
}

export interface Begun {
  readonly subject: ChangeSubject;
  readonly ground: RolloutInputs;
  /** The target's state as it was when the lock was taken. */
  readonly state: TargetState;
  readonly lock: Lock;
  readonly intent: Appended;
}

/** Takes the lock, records the intent and keeps the release. Everything is asked again of the state that this goes on top of. */
async function begin(workspace: Workspace, change: Change, first: Prepared, session: Session): Promise<Begun | Done> {
  const { locks } = await workspace.tracking();
  const kinds = await workspace.kinds.load();
  const { deployment, target, by, ids, release } = change;
  const kept: readonly RefUpdate[] = release === undefined ? [] : [await releaseUpdate(workspace, release)];
  let prepared = first;
  let begun: { subject: ChangeSubject; state: TargetState; claim: Claim } | undefined;
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    if (change.isDone(state)) throw new DoneMeanwhile(state);
    change.check(state);
    const claim = await locks.claim({ deployment, target }, by, now);
    const work = change.work(state);
    if (workKey(work) !== prepared.key) prepared = await prepare(workspace, change, state, work, session);
    const subject: ChangeSubject = { ...change, work, subjects: prepared.ground.subjects };
    begun = { subject, state, claim };
    if (work.size > 0) session.warm(work.size);
    return { ...intentEntry(kinds, subject, prepared.locations, state), refs: [claim.update, ...kept] };
  };
  const options = { watch: [lockRef({ deployment, target })], ...(ids === undefined ? {} : { known: ids }) };
  const appended = await append(workspace, deployment, target, build, options).catch((error: unknown) => {
    if (error instanceof DoneMeanwhile) return error;
    throw error;
  });
  if (appended instanceof DoneMeanwhile) return { done: appended.state };
  if (begun === undefined) throw new TypeError('an entry was appended that was never built');
  const { subject, state, claim } = begun;
  return { subject, ground: prepared.ground, state, intent: appended, lock: claim.hold() };
}

/** Thrown where an entry is built that need not be. */
class DoneMeanwhile extends Error {
  readonly state: TargetState;
  constructor(state: TargetState) {
    super('done meanwhile');
    this.state = state;
  }
}
