import type { Scope } from '../config/index.ts';
import { settleRuns } from '../containers/index.ts';
import { AtmosError, type Digest, shortId } from '../engine/index.ts';
import { expandRollout, type PlanSummary } from '../phases/index.ts';
import {
  type Claim,
  componentRef,
  type Entry,
  type LedgerRecord,
  type Lock,
  ledgerRef,
  lockRef,
  type RefIds,
  type RefUpdate,
  type StateLocation,
  type TargetState,
  type Work,
} from '../tracking/index.ts';
import { firstFailure } from './failure.ts';
import { type Ground, groundOf, workKey } from './ground.ts';
import type { Initialized } from './instances.ts';
import { checkStates, locateState } from './local-state.ts';
import { refuseLocked } from './locked.ts';
import { componentOutcomes } from './outcomes.ts';
import { pinsOfReleases } from './pins.ts';
import { type ChangeSubject, type Ending, intentEntry, outcomeEntry } from './record.ts';
import { releaseUpdate } from './release.ts';
import { keepRescued, RESCUED, rescueStates } from './rescue.ts';
import { secretValues } from './secrets.ts';
import type { RunSettings, Session } from './session.ts';
import type { Workspace } from './workspace.ts';

/** Something that changes a target. */
export interface Change extends Omit<ChangeSubject, 'work' | 'subjects'> {
  /** What the refs pointed at when this began, and the target's state by them. */
  readonly ids: RefIds;
  readonly state: TargetState;
  readonly initialized: Initialized;
  /** For messages, where the release was made just now. */
  readonly scope: Scope | undefined;
  /** Refuses by throwing. Asked with the state that the intent goes on top of. */
  check(state: TargetState): void;
  /** What is to be done. */
  work(state: TargetState): Work;
}

export interface Changed {
  readonly deployment: string;
  readonly target: string;
  readonly release: Digest;
  /** What became of each component. */
  readonly components: LedgerRecord['components'];
  /** Components that still run and that the release does not declare. */
  readonly orphans: readonly string[];
  /** The record that was appended; `undefined` when there was nothing to do, and so nothing to record. */
  readonly record: LedgerRecord | undefined;
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** What failed, when something did. */
  readonly failure: AtmosError | undefined;
  /** Whether a container was run. */
  readonly ran: boolean;
}

/** Takes the lock and says what is about to be done, does it, and says how it ended: two pushes, each of which moves all its refs or none. */
export async function changeTarget(workspace: Workspace, change: Change, session: Session, settings: RunSettings): Promise<Changed> {
  const { deployment, target, release } = change;
  const began = Date.now();
  const first = await prepare(workspace, change, change.state, change.work(change.state));
  // A secret that is not set leaves nothing begun.
  secretValues([...first.ground.releases.values()]);
  const { subject, ground, state, lock, commit } = await begin(workspace, change, first, session);
  try {
    // What was rescued meanwhile stands in the way, as it would have before.
    if (await settleEarlier(workspace, deployment, target, settings)) await checkStates(workspace, ground, state);
    session.images.admit(await pinsOfReleases(workspace, ground.releases.values()));
    const { graph } = expandRollout({ ...ground, work: subject.work });
    const secrets = secretValues([...ground.releases.values()]);
    const results = await session.run(graph, secrets, lock.lost);
    await rescueStates(workspace, graph, results);
    if (lock.lost.aborted) throw lockLost(deployment, target);
    const locations = async (address: string): Promise<StateLocation | null> => {
      const instance = ground.instances[address];
      return instance === undefined ? null : locateState(workspace, instance);
    };
    const outcomes = await componentOutcomes(subject, { graph, results, store: workspace.store, before: state, intent: commit, locations });
    const interrupted = settings.cancellation.interrupt.aborted;
    const record = await finish(workspace, subject, { outcomes, durationMs: Date.now() - began, interrupted }, lock, commit);
    const plans = Object.entries(outcomes).flatMap(([address, one]) => (one.plan === undefined ? [] : [[address, one.plan] as const]));
    const failure = interrupted ? interruption(record) : await firstFailure(results, workspace, change.scope);
    return {
      deployment,
      target,
      release: release?.digest ?? ([...ground.releases.keys()][0] as Digest),
      components: record.components,
      orphans: record.orphans,
      record,
      plans: Object.fromEntries(plans),
      failure,
      ran: session.ran,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Prepared {
  readonly key: string;
  readonly work: Work;
  readonly ground: Ground;
  readonly locations: ReadonlyMap<string, StateLocation>;
}

/** Reads what some work needs, and refuses what this clone must not touch. @throws AtmosError `component-locked`, what `checkStates` throws */
async function prepare(workspace: Workspace, change: Change, state: TargetState, work: Work): Promise<Prepared> {
  const ground = await groundOf(workspace, state, work, change.release, change.initialized);
  refuseLocked(ground.subjects);
  await checkStates(workspace, ground, state);
  const locations = new Map<string, StateLocation>();
  for (const instance of Object.values(ground.instances)) locations.set(instance.address, await locateState(workspace, instance));
  return { key: workKey(work), work, ground, locations };
}

/** What an earlier command had started before it was killed runs to its end first: then Terraform's state says what became of it. */
async function settleEarlier(workspace: Workspace, deployment: string, target: string, settings: RunSettings): Promise<boolean> {
  const { runsRoot, warn } = workspace;
  let rescued = false;
  const found = await settleRuns(runsRoot, `${deployment}/${target}`, settings.cancellation.interrupt, async ({ effect, output }) => {
    const state = await output(RESCUED);
    if (state !== undefined) keepRescued(workspace, effect, state);
    rescued ||= state !== undefined;
  });
  if (found.length > 0)
    warn(`waited for what an earlier command had begun: ${found.map((name) => name.split('/').slice(2).join('/')).join(', ')}`);
  return rescued;
}

interface Begun {
  readonly subject: ChangeSubject;
  readonly ground: Ground;
  /** The target's state as it was when the lock was taken. */
  readonly state: TargetState;
  readonly lock: Lock;
  /** The intent's commit. */
  readonly commit: string;
}

/** Takes the lock, records the intent and keeps the release. Everything is asked again of the state that this goes on top of. */
async function begin(workspace: Workspace, change: Change, first: Prepared, session: Session): Promise<Begun> {
  const { ledger, locks } = await workspace.tracking();
  const { deployment, target, by, ids, release } = change;
  const kept: readonly RefUpdate[] = release === undefined ? [] : [await releaseUpdate(workspace, release)];
  let prepared = first;
  let begun: { subject: ChangeSubject; state: TargetState; claim: Claim } | undefined;
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    change.check(state);
    const claim = await locks.claim(deployment, target, by, now);
    const work = change.work(state);
    if (workKey(work) !== prepared.key) prepared = await prepare(workspace, change, state, work);
    const subject: ChangeSubject = { ...change, work, subjects: prepared.ground.subjects };
    begun = { subject, state, claim };
    if (work.size > 0) session.warm();
    return { ...intentEntry(subject, prepared.locations, state), refs: [claim.update, ...kept] };
  };
  const { commit } = await ledger.append(deployment, target, build, { watch: [lockRef(deployment, target)], known: ids });
  if (begun === undefined) throw new TypeError('an entry was appended that was never built');
  const { subject, state, claim } = begun;
  return { subject, ground: prepared.ground, state, commit, lock: claim.hold() };
}

/** Records the outcome and frees the lock, unless somebody took it away. */
async function finish(workspace: Workspace, subject: ChangeSubject, ending: Ending, lock: Lock, intent: string): Promise<LedgerRecord> {
  const { ledger, refs } = await workspace.tracking();
  const { deployment, target } = subject;
  const freeing = await lock.end();
  const sources = [...subject.work.keys()].map((address) => componentRef(deployment, target, address));
  const pointed = await refs.readLocal(sources);
  const known = new Map([
    ...pointed,
    [ledgerRef(deployment, target), intent],
    ...(freeing.from === undefined ? [] : [[freeing.ref, freeing.from] as const]),
  ]);
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    const entry = outcomeEntry(subject, ending, state, now);
    const moves = await withCommits(workspace, entry.refs ?? []);
    return { ...entry, refs: [...moves, ...(now.get(freeing.ref) === freeing.from ? [freeing] : [])] };
  };
  return (await ledger.append(deployment, target, build, { watch: [freeing.ref, ...sources], known })).record;
}

/** Refs can point only at commits that are here: a shallow clone does not have them all. */
async function withCommits({ tracking, warn }: Workspace, moves: readonly RefUpdate[]): Promise<readonly RefUpdate[]> {
  const { repository } = await tracking();
  const kept: RefUpdate[] = [];
  const absent = new Set<string>();
  for (const move of moves) {
    if (move.to === undefined || (await repository.idOf(move.to)) !== undefined) kept.push(move);
    else absent.add(move.to.slice(0, 7));
  }
  if (absent.size > 0) {
    warn(`this clone does not have commit ${[...absent].join(', ')}, so refs/atmos/deployments/ can't point at it (git fetch --unshallow)`);
  }
  return kept;
}

function lockLost(deployment: string, target: string): AtmosError {
  return new AtmosError(`the lock of ${deployment}/${target} was taken by somebody else: this command stopped, and recorded nothing`, {
    kind: 'failed',
    code: 'lock-lost',
    hint: `see who has it: atmos-deployment status ${deployment}`,
  });
}

function interruption({ release }: LedgerRecord): AtmosError {
  const what = release === null ? '' : ` (release ${shortId(release)})`;
  return new AtmosError(`interrupted: what was under way has ended and is recorded${what}`, {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'run the same command again to go on',
  });
}
