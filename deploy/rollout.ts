import { AtmosError, type Digest, shortId } from '../engine/index.ts';
import { expandRollout, type PlanSummary } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import {
  type Candidate,
  type Claim,
  checkApprovals,
  checkPromotion,
  currentComponents,
  type Entry,
  type LedgerRecord,
  type Lock,
  ledgerRef,
  lockRef,
  type Person,
  type RecordKind,
  type RefIds,
  type Rules,
  type TargetState,
} from '../tracking/index.ts';
import { type Chosen, chooseRelease } from './choice.ts';
import { isRunning, type WantedComponents, wantedOf } from './current.ts';
import { firstFailure } from './failure.ts';
import { runsAlready } from './known-release.ts';
import { type ComponentOutcome, componentOutcomes, intentEntry, outcomeEntry, type Undertaking } from './record.ts';
import { artifactsOf, releaseUpdate, storeRelease } from './release.ts';
import { releaseGround } from './release-ground.ts';
import { rulesOf } from './rules.ts';
import type { RunSettings } from './session.ts';
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

/**
 * Brings a release to its target and records it: policy, lock, intent, apply in dependency order, outcome. What is up to date is left alone.
 * A component's failure is in the answer; everything else that is wrong is thrown.
 * @throws AtmosError refusals: `not-promoted`, `not-approved`, `locked`, `dirty-tree`, …
 */
export async function rollout(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<RolloutAnswer> {
  const { deployment, target, promoteFrom } = request;
  if (isPlain(request)) {
    const known = await runsAlready(workspace, deployment, target);
    if (known !== undefined) return nothingToDo(deployment, target, known.release, known.wanted, false);
  }
  const { repository, refs, ledger } = await workspace.tracking();
  const by = await repository.identity();
  const rules = await rulesOf(workspace, deployment, target);
  const names = [...new Set([target, ...rules.from, ...(promoteFrom === undefined ? [] : [promoteFrom])])];
  const ids = await refs.read([...names.map((name) => ledgerRef(deployment, name)), lockRef(deployment, target)]);
  const states = new Map(await Promise.all(names.map(async (name) => [name, await ledger.stateIn(deployment, name, ids)] as const)));
  const sources = rules.from.flatMap((name) => states.get(name) ?? []);
  const chosen = await chooseRelease(workspace, request, { rules, sources, states }, settings);
  const { release, session } = chosen;
  try {
    const before = await ledger.stateIn(deployment, target, ids);
    const candidate = candidateOf(release);
    const wanted = wantedOf(release);
    // What ran here once was allowed here once.
    if (!before.ran.some((ran) => ran.release === release.digest)) checkPromotion(candidate, rules, sources);
    if (!request.all && isRunning(release.digest, wanted, before))
      return nothingToDo(deployment, target, release.digest, wanted, session.ran);
    await requireApprovals(workspace, release, rules, before, by);
    return await carryOut(workspace, chosen, { request, rules, by, ids, kind: kindOf(chosen, before) }, settings);
  } finally {
    await session.close();
  }
}

/** Whether the commit that is checked out is meant, just as it is. */
function isPlain({ promoteFrom, release, allowDirty, all }: RolloutRequest): boolean {
  return promoteFrom === undefined && release === undefined && !allowDirty && !all;
}

/** A release that waits for approval is kept, so that whoever approves can look at it. @throws AtmosError `not-approved` */
async function requireApprovals(workspace: Workspace, release: Release, rules: Rules, state: TargetState, by: Person): Promise<void> {
  try {
    checkApprovals(candidateOf(release), rules, state, by);
  } catch (error) {
    await storeRelease(workspace, release);
    throw error;
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

/** The answer where the target runs this very release: what would be recorded, and is not. */
function nothingToDo(deployment: string, target: string, release: Digest, wanted: WantedComponents, ran: boolean): RolloutAnswer {
  const components = Object.entries(wanted).map(
    ([address, { layer }]) => [address, { action: 'up-to-date', layer, changes: null, error: null }] as const,
  );
  return { deployment, target, release, components: Object.fromEntries(components), record: undefined, plans: {}, failure: undefined, ran };
}

interface Work {
  readonly request: RolloutRequest;
  readonly rules: Rules;
  readonly by: Person;
  readonly kind: RecordKind;
  /** What the refs pointed at when this began. */
  readonly ids: RefIds;
}

/** Takes the lock and says what is about to be done, applies, and says how it ended: two pushes, each of which moves all its refs or none. */
async function carryOut(workspace: Workspace, chosen: Chosen, work: Work, settings: RunSettings): Promise<RolloutAnswer> {
  const { release, session } = chosen;
  const began = Date.now();
  const { undertaking, state, lock, commit } = await begin(workspace, chosen, work);
  try {
    const ground = await releaseGround(workspace, release);
    const applied = new Set(Object.keys(state.components));
    const { graph } = expandRollout(release, ground, { purpose: 'rollout', run: undertaking.run, applied });
    const results = await session.run(graph, secretValues(release), lock.lost);
    const outcomes = await componentOutcomes(undertaking, results, workspace.store);
    const interrupted = settings.cancellation.interrupt.aborted;
    const record = await finish(workspace, undertaking, { outcomes, durationMs: Date.now() - began, interrupted }, lock, commit);
    const plans = Object.entries(outcomes).flatMap(([address, { plan }]) => (plan === undefined ? [] : [[address, plan] as const]));
    const failure = interrupted ? interruption(record) : await firstFailure(results, workspace.files, chosen.scope);
    const { deployment, target } = release.config;
    const { components } = record;
    return { deployment, target, release: release.digest, components, record, plans: Object.fromEntries(plans), failure, ran: session.ran };
  } catch (error) {
    await lock.release();
    throw error;
  }
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
async function begin(
  workspace: Workspace,
  { release, promotedFrom, session }: Chosen,
  { request, rules, by, kind, ids }: Work,
): Promise<Begun> {
  const { ledger, locks } = await workspace.tracking();
  const { deployment, target } = request;
  const kept = await releaseUpdate(workspace, release);
  let begun: { undertaking: Undertaking; state: TargetState; claim: Claim } | undefined;
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    checkApprovals(candidateOf(release), rules, state, by);
    const claim = await locks.claim(deployment, target, by, now);
    const current = request.all ? new Set<string>() : currentComponents(state, wantedOf(release));
    const run = new Set(Object.keys(release.config.components).filter((address) => !current.has(address)));
    const undertaking: Undertaking = { kind, release, promotedFrom, by, run };
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
  const { ledger } = await workspace.tracking();
  const { deployment, target } = undertaking.release.config;
  const freeing = await lock.end();
  const known = new Map([
    [ledgerRef(deployment, target), intent],
    ...(freeing.from === undefined ? [] : [[freeing.ref, freeing.from] as const]),
  ]);
  const build = (state: TargetState, now: RefIds): Entry => {
    const entry = outcomeEntry(undertaking, ending.outcomes, state, ending);
    return { ...entry, refs: [...(entry.refs ?? []), ...(now.get(freeing.ref) === freeing.from ? [freeing] : [])] };
  };
  return (await ledger.append(deployment, target, build, { watch: [freeing.ref], known })).record;
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
