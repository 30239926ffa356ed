import type { Release } from '../releases/index.ts';
import {
  type Candidate,
  checkApprovals,
  checkPromotion,
  currentComponents,
  ledgerRef,
  lockRef,
  type Person,
  type RecordKind,
  type Rules,
  type TargetState,
} from '../tracking/index.ts';
import { addressOf } from './address.ts';
import { type Chosen, chooseRelease } from './choice.ts';
import { isRunning, wantedOf } from './current.ts';
import { artifactsOf, storeRelease } from './release.ts';
import { nothingToDo, type RolloutRequest } from './rollout.ts';
import { rulesOf } from './rules.ts';
import type { RunSettings } from './session.ts';
import { type Undertaken, undertake } from './undertake.ts';
import type { Workspace } from './workspace.ts';

/**
 * Brings a release to its target and records it: policy, lock, intent, apply in dependency order, outcome. What is up to date is left alone.
 * A component's failure is in the answer; everything else that is wrong is thrown.
 * @throws AtmosError refusals: `not-promoted`, `not-approved`, `locked`, `dirty-tree`, …
 */
export async function rolloutNow(workspace: Workspace, request: RolloutRequest, settings: RunSettings): Promise<Undertaken> {
  const { deployment, target, promoteFrom, component } = request;
  const { repository, refs, ledger } = await workspace.tracking();
  const first = [target, ...(promoteFrom === undefined ? [] : [promoteFrom])];
  const [by, rules, read] = await Promise.all([
    repository.identity(),
    rulesOf(workspace, deployment, target),
    refs.read([...first.map((name) => ledgerRef(deployment, name)), lockRef(deployment, target)]),
  ]);
  const others = rules.from.filter((name) => !first.includes(name));
  const ids = others.length === 0 ? read : new Map([...read, ...(await refs.read(others.map((name) => ledgerRef(deployment, name))))]);
  const names = [...first, ...others];
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
    if (!request.all && component === undefined && isRunning(release.digest, wanted, before))
      return nothingToDo(deployment, target, release.digest, wanted, session.ran);
    const asked = component === undefined ? undefined : addressOf(component, Object.keys(release.config.components));
    const choose = (state: TargetState): ReadonlySet<string> =>
      asked === undefined ? outdated(release, state, request.all) : new Set([asked]);
    if (request.dryRun) return wouldRun(release, choose(before), session.ran);
    await requireApprovals(workspace, release, rules, before, by);
    return await undertake(
      workspace,
      {
        kind: kindOf(chosen, before),
        purpose: 'rollout',
        release,
        promotedFrom: chosen.promotedFrom,
        by,
        ids,
        scope: chosen.scope,
        initialized: chosen.initialized,
        check: (state) => void checkApprovals(candidate, rules, state, by),
        choose,
      },
      session,
      settings,
    );
  } finally {
    await session.close();
  }
}

/** The components that do not run as the release has them. */
function outdated(release: Release, state: TargetState, all: boolean): ReadonlySet<string> {
  const current = all ? new Set<string>() : currentComponents(state, wantedOf(release));
  return new Set(Object.keys(release.config.components).filter((address) => !current.has(address)));
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

/** The answer of a dry run: what would be run, by component. */
function wouldRun({ digest, config }: Release, run: ReadonlySet<string>, ran: boolean): Undertaken {
  const components = Object.entries(config.components).map(
    ([address, { layer }]) =>
      [address, { action: run.has(address) ? 'planned' : 'up-to-date', layer, changes: null, error: null }] as const,
  );
  const { deployment, target } = config;
  const answer = { deployment, target, release: digest, components: Object.fromEntries(components), record: undefined, plans: {} };
  return { ...answer, failure: undefined, ran };
}
