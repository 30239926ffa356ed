import { AtmosError, shortId } from '../engine/index.ts';
import { expandRollout, type PlanSummary, upstreamOf } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import {
  type Candidate,
  checkApprovals,
  checkPromotion,
  currentComponents,
  type LedgerRecord,
  type Lock,
  type Person,
  type RecordKind,
  type Rules,
  type TargetState,
} from '../tracking/index.ts';
import { type Chosen, chooseRelease } from './choice.ts';
import { firstFailure } from './failure.ts';
import { componentOutcomes, intentEntry, interruptedEntry, outcomeEntry, type Undertaking } from './record.ts';
import { artifactsOf, storeRelease } from './release.ts';
import { releaseGround } from './release-ground.ts';
import { rulesOf } from './rules.ts';
import type { RunSettings, Session } from './session.ts';
import type { Workspace } from './workspace.ts';

export interface RolloutRequest {
  readonly deployment: string;
  readonly target: string;
  /** Take what this target runs. */
  readonly promoteFrom: string | undefined;
  /** Take this release: a digest, or the beginning of one. */
  readonly release: string | undefined;
  readonly allowDirty: boolean;
  /** Run every component, also those that are up to date. */
  readonly all: boolean;
}

export interface RolloutAnswer {
  readonly record: LedgerRecord;
  /** False when there was nothing to do, and so nothing to record. */
  readonly recorded: boolean;
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** What failed, when something did. */
  readonly failure: AtmosError | undefined;
  /** Whether a container was run. */
  readonly ran: boolean;
}

/**
 * Brings a release to its target and records it: policy, lock, intent, apply in dependency order, outcome. What is up to date is left alone.
 * A component's failure is in the answer; everything else that is wrong is thrown.
 * @throws AtmosError refusals: `not-promoted`, `not-approved`, `locked`, `dirty-tree`, …
 */
export async function rollout(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<RolloutAnswer> {
  const { deployment, target } = request;
  const { repository, ledger, locks } = await workspace.tracking();
  const by = await repository.identity();
  const rules = await rulesOf(workspace, deployment, target);
  const states = await ledger.statesNow(deployment, [
    ...new Set([target, ...rules.from, ...(request.promoteFrom === undefined ? [] : [request.promoteFrom])]),
  ]);
  const sources = rules.from.flatMap((name) => states.get(name) ?? []);
  const chosen = await chooseRelease(workspace, request, { rules, sources, states }, settings);
  const { release, session } = chosen;
  try {
    const before = states.get(target);
    if (before === undefined) throw new TypeError(`no state of ${target}`);
    const candidate = candidateOf(release);
    // What ran here once was allowed here once.
    if (!before.ran.some((ran) => ran.release === release.digest)) checkPromotion(candidate, rules, sources);
    if (!request.all && isRunning(release, before)) return nothingToDo(release, before, by, session);
    await storeRelease(workspace, release);
    checkApprovals(candidate, rules, before, by);
    const lock = await locks.acquire(deployment, target, by);
    try {
      return await underLock(workspace, chosen, { request, rules, by, lock, kind: kindOf(chosen, before) }, settings);
    } finally {
      await lock.release();
    }
  } finally {
    await session.close();
  }
}

function candidateOf(release: Release): Candidate {
  const { deployment, target, dirty } = release.config;
  return { deployment, target, release: release.digest, artifacts: artifactsOf(release), dirty };
}

function kindOf({ promotedFrom, named }: Chosen, state: TargetState): RecordKind {
  if (promotedFrom !== null) return 'promotion';
  return named && state.ran.length > 0 ? 'rollback' : 'rollout';
}

/** The components of a release that run as it has them. */
function currentIn(release: Release, state: TargetState): ReadonlySet<string> {
  const wanted = Object.entries(release.config.components).map(
    ([address, component]) => [address, { layer: component.layer, upstream: upstreamOf(component) }] as const,
  );
  return currentComponents(state, Object.fromEntries(wanted));
}

function isRunning(release: Release, state: TargetState): boolean {
  return (
    state.state === 'deployed' &&
    state.release === release.digest &&
    currentIn(release, state).size === Object.keys(release.config.components).length
  );
}

/** The answer where the target runs this very release: what would be recorded, and is not. */
function nothingToDo(release: Release, state: TargetState, by: Person, session: Session): RolloutAnswer {
  const undertaking: Undertaking = { kind: 'rollout', release, promotedFrom: null, by, run: new Set() };
  const outcomes = Object.fromEntries(
    Object.entries(release.config.components).map(([address, { layer }]) => [
      address,
      { result: { action: 'up-to-date' as const, layer, changes: null, error: null }, plan: undefined, outputs: null },
    ]),
  );
  const { record } = outcomeEntry(undertaking, outcomes, state, { durationMs: 0, interrupted: false });
  return { record, recorded: false, plans: {}, failure: undefined, ran: session.ran };
}

interface Work {
  readonly request: RolloutRequest;
  readonly rules: Rules;
  readonly by: Person;
  readonly lock: Lock;
  readonly kind: RecordKind;
}

/** What is done while nobody else may: everything is asked again, since it may have changed before the lock was ours. */
async function underLock(workspace: Workspace, chosen: Chosen, work: Work, settings: RunSettings): Promise<RolloutAnswer> {
  const { release, session, promotedFrom } = chosen;
  const { request, rules, by, lock, kind } = work;
  const { ledger } = await workspace.tracking();
  const { deployment, target } = request;
  const began = Date.now();
  let state = await ledger.state(deployment, target);
  const current = request.all ? new Set<string>() : currentIn(release, state);
  const run = new Set(Object.keys(release.config.components).filter((address) => !current.has(address)));
  const undertaking: Undertaking = { kind, release, promotedFrom, by, run };
  if (state.state === 'deploying') ({ state } = await ledger.append(deployment, target, (now) => interruptedEntry(undertaking, now)));
  await ledger.append(deployment, target, (now) => {
    checkApprovals(candidateOf(release), rules, now, by);
    return intentEntry(undertaking, now);
  });
  const ground = await releaseGround(workspace, release);
  const { graph } = expandRollout(release, ground, { purpose: 'rollout', run, applied: new Set(Object.keys(state.components)) });
  const results = await session.run(graph, secretValues(release), lock.lost);
  const outcomes = await componentOutcomes(undertaking, results, workspace.store);
  const interrupted = settings.cancellation.interrupt.aborted;
  const { record } = await ledger.append(deployment, target, (now) =>
    outcomeEntry(undertaking, outcomes, now, { durationMs: Date.now() - began, interrupted }),
  );
  return {
    record,
    recorded: true,
    plans: Object.fromEntries(Object.entries(outcomes).flatMap(([address, { plan }]) => (plan === undefined ? [] : [[address, plan]]))),
    failure: interrupted ? interruption(record) : await firstFailure(results, workspace.files, chosen.scope),
    ran: session.ran,
  };
}

function interruption({ release }: LedgerRecord): AtmosError {
  return new AtmosError(
    `interrupted: what was under way has ended and is recorded${release === null ? '' : ` (release ${shortId(release)})`}`,
    {
      kind: 'interrupted',
      code: 'interrupted',
      hint: 'run the same command again to go on',
    },
  );
}

/** The values of the secrets that the target declares. @throws AtmosError `missing-secret` */
export function secretValues({ config }: Release): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config.secrets).map(([name, { env }]) => {
      const value = process.env[env];
      if (value !== undefined) return [name, value];
      throw new AtmosError(`secret ${name} of target ${config.target} comes from the variable ${env}, which is not set`, {
        kind: 'environment',
        code: 'missing-secret',
        hint: `set it: export ${env}=…`,
      });
    }),
  );
}
