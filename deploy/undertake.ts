import type { Scope } from '../config/index.ts';
import { settleRuns } from '../containers/index.ts';
import { AtmosError, type Digest, shortId } from '../engine/index.ts';
import { expandRollout, type PlanSummary } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import {
  type Claim,
  type Entry,
  type LedgerRecord,
  type Lock,
  ledgerRef,
  lockRef,
  type Person,
  type RecordKind,
  type RefIds,
  type TargetState,
} from '../tracking/index.ts';
import { firstFailure } from './failure.ts';
import { type ComponentOutcome, componentOutcomes, intentEntry, outcomeEntry, type Undertaking } from './record.ts';
import { releaseUpdate } from './release.ts';
import { type Initialized, releaseGround } from './release-ground.ts';
import { secretValues } from './secrets.ts';
import type { RunSettings, Session } from './session.ts';
import { storeTrees } from './stores/index.ts';
import type { Workspace } from './workspace.ts';

/** Something that changes a target. */
export interface Plan {
  readonly kind: RecordKind;
  readonly purpose: 'rollout' | 'destroy';
  readonly release: Release;
  readonly promotedFrom: LedgerRecord['promotedFrom'];
  readonly by: Person;
  /** What the refs pointed at when this began. */
  readonly ids: RefIds;
  readonly initialized: Initialized;
  /** For messages, where the release was made just now. */
  readonly scope: Scope | undefined;
  /** Refuses by throwing. Asked with the state that the intent goes on top of. */
  check(state: TargetState): void;
  /** The components to run. */
  choose(state: TargetState): ReadonlySet<string>;
}

export interface Undertaken {
  readonly deployment: string;
  readonly target: string;
  readonly release: Digest;
  /** What became of each component. */
  readonly components: LedgerRecord['components'];
  /** The record that was appended; `undefined` when there was nothing to do, and so nothing to record. */
  readonly record: LedgerRecord | undefined;
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** What failed, when something did. */
  readonly failure: AtmosError | undefined;
  /** Whether a container was run. */
  readonly ran: boolean;
}

/** Takes the lock and says what is about to be done, applies, and says how it ended: two pushes, each of which moves all its refs or none. */
export async function undertake(workspace: Workspace, plan: Plan, session: Session, settings: RunSettings): Promise<Undertaken> {
  const { release, purpose } = plan;
  const { deployment, target } = release.config;
  const secrets = secretValues(release);
  const began = Date.now();
  // Reading the release takes no lock: it goes on beside the push.
  const reading = releaseGround(workspace, release, plan.initialized);
  reading.catch(() => undefined);
  // A store that does not answer leaves nothing begun.
  const stores = await storeTrees(workspace, release, new Set(Object.keys(release.config.components)));
  const { undertaking, state, lock, commit } = await begin(workspace, plan, session);
  try {
    await settleEarlier(workspace, deployment, target, settings);
    const ground = { ...(await reading), stores };
    const applied = new Set(Object.keys(state.components));
    const { graph } = expandRollout(release, ground, { purpose, run: undertaking.run, applied });
    const results = await session.run(graph, secrets, lock.lost);
    const outcomes = await componentOutcomes(undertaking, results, workspace.store, state);
    const interrupted = settings.cancellation.interrupt.aborted;
    const record = await finish(workspace, undertaking, { outcomes, durationMs: Date.now() - began, interrupted }, lock, commit);
    const plans = Object.entries(outcomes).flatMap(([address, one]) => (one.plan === undefined ? [] : [[address, one.plan] as const]));
    const failure = interrupted ? interruption(record) : await firstFailure(results, workspace, plan.scope);
    const { components } = record;
    return { deployment, target, release: release.digest, components, record, plans: Object.fromEntries(plans), failure, ran: session.ran };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What an earlier command had started before it was killed runs to its end first: then Terraform's state says what became of it. */
async function settleEarlier({ runsRoot, warn }: Workspace, deployment: string, target: string, settings: RunSettings): Promise<void> {
  const found = await settleRuns(runsRoot, `${deployment}/${target}`, settings.cancellation.interrupt);
  if (found.length > 0)
    warn(`waited for what an earlier command had begun: ${found.map((name) => name.split('/').slice(2).join('/')).join(', ')}`);
}

interface Begun {
  readonly undertaking: Undertaking;
  /** The target's state as it was when the lock was taken. */
  readonly state: TargetState;
  readonly lock: Lock;
  /** The intent's commit. */
  readonly commit: string;
}

/** Takes the lock, records the intent and keeps the release. Everything is asked again of the state that this goes on top of. */
async function begin(workspace: Workspace, plan: Plan, session: Session): Promise<Begun> {
  const { ledger, locks } = await workspace.tracking();
  const { kind, purpose, release, promotedFrom, by, ids } = plan;
  const { deployment, target } = release.config;
  const kept = await releaseUpdate(workspace, release);
  let begun: { undertaking: Undertaking; state: TargetState; claim: Claim } | undefined;
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    plan.check(state);
    const claim = await locks.claim(deployment, target, by, now);
    const run = plan.choose(state);
    const undertaking: Undertaking = { kind, purpose, release, promotedFrom, by, run };
    begun = { undertaking, state, claim };
    if (run.size > 0) session.warm();
    return { ...intentEntry(undertaking, state), refs: [claim.update, kept] };
  };
  const { commit } = await ledger.append(deployment, target, build, { watch: [lockRef(deployment, target)], known: ids });
  if (begun === undefined) throw new TypeError('an entry was appended that was never built');
  const { undertaking, state, claim } = begun;
  return { undertaking, state, commit, lock: claim.hold() };
}

interface Ending {
  readonly outcomes: Readonly<Record<string, ComponentOutcome>>;
  readonly durationMs: number;
  readonly interrupted: boolean;
}

/** Records the outcome and frees the lock, unless somebody took it away. */
async function finish(workspace: Workspace, undertaking: Undertaking, ending: Ending, lock: Lock, intent: string): Promise<LedgerRecord> {
  const { ledger, repository } = await workspace.tracking();
  const { deployment, target, commit } = undertaking.release.config;
  const isHere = (await repository.idOf(commit)) !== undefined;
  if (!isHere)
    workspace.warn(
      `this clone does not have commit ${commit.slice(0, 7)}, so refs/atmos/deployments/ can't point at it (git fetch --unshallow)`,
    );
  const freeing = await lock.end();
  const known = new Map([
    [ledgerRef(deployment, target), intent],
    ...(freeing.from === undefined ? [] : [[freeing.ref, freeing.from] as const]),
  ]);
  const build = (state: TargetState, now: RefIds): Entry => {
    const entry = outcomeEntry(undertaking, ending.outcomes, state, ending);
    return { ...entry, refs: [...(isHere ? (entry.refs ?? []) : []), ...(now.get(freeing.ref) === freeing.from ? [freeing] : [])] };
  };
  return (await ledger.append(deployment, target, build, { watch: [freeing.ref], known })).record;
}

function interruption({ release }: LedgerRecord): AtmosError {
  const what = release === null ? '' : ` (release ${shortId(release)})`;
  return new AtmosError(`interrupted: what was under way has ended and is recorded${what}`, {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'run the same command again to go on',
  });
}
