import type { AtmosError, TargetRef } from '../../engine/index.ts';
import { elsewhereReadsOf, expandRollout, type PlanSummary, storeReadsOf } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import { type Comparison, compareTarget, currentComponents } from '../../tracking/index.ts';
import { chooseRelease, type SelectedRelease } from '../release/choice.ts';
import { componentOf, hasRollout } from '../release/instances.ts';
import { refusalOf } from '../release/refusal.ts';
import { makeRelease } from '../release/release.ts';
import { situationOf } from '../release/situation.ts';
import { wantedOf } from '../release/wanted.ts';
import { pinsOfReleases } from '../runs/pins.ts';
import type { RunSettings } from '../runs/session.ts';
import { checkStates } from '../states/local-state.ts';
import { rolloutInputsOf } from '../target/rollout-inputs.ts';
import { settleSuperseded } from '../target/settle.ts';
import { recordEarlier } from '../target/unrecorded.ts';
import { addressOf } from '../workspace/address.ts';
import { failureOf } from '../workspace/failure.ts';
import { refsOf, secretValues } from '../workspace/secrets.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { planChain } from './plan-chain.ts';

export interface PlanRequest extends TargetRef {
  /** Plan what is current, too: whether it still is as it was applied. */
  readonly all: boolean;
  /** Plan this component alone, by its address or its name, also where it is current. */
  readonly component?: string | undefined;
  /** Plan what this target runs, made the target's own. */
  readonly promoteFrom?: string | undefined;
  /** Plan this release: a digest, or the beginning of one. */
  readonly release?: string | undefined;
}

export interface PlanAnswer {
  readonly release: Release;
  /** By address; a component that can't be planned yet is in `unknown`. One that is current, or has nothing to roll out, has no changes, and was not asked. */
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** Components whose values are known only after others are applied, and which. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
  /** How each component, declared or running, compares with what is wanted, and why it is not current. */
  readonly compared: Readonly<Record<string, { readonly comparison: Comparison; readonly reason: string | null }>>;
  /** Components that are current, and were not planned. */
  readonly current: readonly string[];
  /** Components that run and are no longer declared; `pruned` when a rollout would destroy them. */
  readonly orphans: readonly string[];
  readonly pruned: boolean;
  /** Components that are locked (`metadata.locked`): a rollout that would change one is refused. */
  readonly locked: readonly string[];
  /** Whether somebody changes the target just now: then what is interrupted by what is known is under way. */
  readonly isUnderWay: boolean;
  readonly failure: AtmosError | undefined;
  /** Why a rollout of it would be refused now. */
  readonly refusal: AtmosError | undefined;
}

const NO_CHANGES: PlanSummary = { create: 0, update: 0, delete: 0, changes: [], warnings: [] };

/** What a rollout would change: of the working tree, or of the release that is asked for. Nothing is recorded, and nothing is applied. */
export async function plan(workspace: Workspace, request: PlanRequest, settings: RunSettings): Promise<PlanAnswer> {
  const { deployment, target, all } = request;
  await recordEarlier(workspace, { deployment, target });
  const { ledger, locks, repository } = await workspace.tracking();
  // Git answers beside the rest.
  const standing = ledger.lastState({ deployment, target });
  standing.catch(() => undefined);
  const situation = situationOf(workspace, { deployment, target, promoteFrom: request.promoteFrom });
  situation.catch(() => undefined);
  const { release, session, scope, initialized, prune } = await releaseOf(workspace, request, settings);
  try {
    const state = await standing;
    await settleSuperseded(workspace, state, settings.cancellation.interrupt);
    const kinds = await workspace.kinds.load();
    const wanted = wantedOf(kinds, release);
    const compared = compareTarget(state, wanted);
    // What a store, or somebody else's component, has now is known to nobody but who asks.
    const reads = (address: string): boolean =>
      [storeReadsOf, elsewhereReadsOf].some((readsOf) => readsOf(componentOf(release, address)).length > 0);
    const asked = request.component === undefined ? undefined : addressOf(request.component, Object.keys(wanted));
    const isMeant = (address: string): boolean => asked === undefined || address === asked;
    const current = new Set(all || asked !== undefined ? [] : [...currentComponents(state, wanted)].filter((address) => !reads(address)));
    const work = new Map(
      Object.keys(wanted).flatMap((address) => (current.has(address) || !isMeant(address) ? [] : [[address, 'plan'] as const])),
    );
    const ground = await rolloutInputsOf(workspace, state, work, release, { initialized, session, scope });
    await checkStates(workspace, ground, state, { whole: true });
    session.images.admit(
      await pinsOfReleases(
        workspace,
        [...ground.releases.values()].filter((one) => one !== release),
      ),
    );
    const whose = { deployment, target, releases: ground.releases.values(), scope };
    const secrets = await secretValues(workspace, whose, refsOf(ground));
    const chain = await planChain({
      workspace,
      session,
      release,
      instances: ground.instances,
      work: [...work.keys()],
      current: currentComponents(state, wanted),
      expand: (addresses, planned) => expandRollout({ ...ground, work: new Map(addresses.map((address) => [address, 'plan'])), planned }),
      run: (graph) => session.run('plan', graph, secrets),
    });
    // In one order, whatever was planned first.
    const plans = Object.fromEntries(
      Object.keys(wanted)
        .filter(isMeant)
        .flatMap((address) => {
          // What has nothing to roll out changes nothing, whatever was built.
          const isIdle = current.has(address) || !hasRollout(kinds, address, componentOf(release, address));
          const summary = isIdle ? NO_CHANGES : chain.plans[address];
          return summary === undefined ? [] : [[address, summary] as const];
        }),
    );
    for (const [component, summary] of Object.entries(chain.plans)) workspace.events.emit({ type: 'plan', component, plan: summary });
    const failures = await Promise.all(chain.results.map((results) => failureOf(results, workspace, scope)));
    const failure = failures.find((one) => one !== undefined);
    const locked = Object.keys(wanted).filter((address) => componentOf(release, address).settings.locked === true);
    const refusal = work.size === 0 ? undefined : await refusalOf(workspace, await situation, release, state, () => repository.identity());
    const isUnderWay = state.intent !== null && (await locks.holder({ deployment, target })) !== undefined;
    const orphans = asked === undefined ? Object.keys(compared).filter((address) => compared[address]?.comparison === 'orphaned') : [];
    return {
      release,
      plans,
      unknown: chain.unknown,
      compared,
      current: [...current].sort(),
      orphans,
      pruned: prune,
      locked,
      isUnderWay,
      failure,
      refusal,
    };
  } finally {
    await session.close();
  }
}

async function releaseOf(
  workspace: Workspace,
  { deployment, target, promoteFrom, release }: PlanRequest,
  settings: RunSettings,
): Promise<Pick<SelectedRelease, 'release' | 'session' | 'scope' | 'initialized' | 'prune'>> {
  if (promoteFrom === undefined && release === undefined) {
    const made = await makeRelease(workspace, { deployment, target, allowDirty: true, promoted: undefined }, settings);
    return { ...made, prune: made.scope.prune };
  }
  const request = { deployment, target, promoteFrom, release, allowDirty: false };
  return chooseRelease(workspace, request, await situationOf(workspace, request), settings);
}
