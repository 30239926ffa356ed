import { type Digest, type Graph, jsonDigest, type Outcome, outputOf, type Results, type Store } from '../../engine/index.ts';
import { type Instances, type Kinds, outputsDigest, upstreamOf } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import type { ComponentResult, Operation, StateLocation, TargetState } from '../../tracking/index.ts';
import { componentOf } from '../release/instances.ts';
import { type ChangeSubject, type ComponentOutcome, resultOf } from './record.ts';
import { untouched } from './untouched.ts';

export interface RunResults {
  readonly kinds: Kinds;
  readonly graph: Graph;
  readonly results: Results;
  readonly store: Store;
  /** The target's state before the intent. */
  readonly before: TargetState;
  /** The intent's commit: it names this very run. */
  readonly intent: string;
  /** Where the states are now. */
  locations(address: string): Promise<StateLocation | null>;
}

/** Reads from a run's results what became of each component: those of the work, the others of the release, and what is no longer declared. */
export async function componentOutcomes(
  subject: ChangeSubject,
  instances: Instances,
  run: RunResults,
): Promise<Readonly<Record<string, ComponentOutcome>>> {
  const { work, release } = subject;
  const outcomes: Record<string, ComponentOutcome> = {};
  for (const [address, operation] of work) {
    const own = subject.subjects.get(address);
    if (own === undefined) throw new TypeError(`no release of ${address}`);
    outcomes[address] = await outcomeOf(address, operation, own, instances, run);
  }
  for (const address of Object.keys(release?.config.components ?? {})) {
    if (release !== undefined)
      outcomes[address] ??= leftAlone(run.kinds, address, release, run.before, subject.left?.includes(address) === true);
  }
  if (release !== undefined) {
    for (const [address, known] of Object.entries(run.before.components)) {
      const result = { ...untouched('orphaned', known.release, known), commit: known.commit };
      outcomes[address] ??= { result, plan: undefined };
    }
  }
  // An upstream's outputs are those that it has after all of this.
  const outputs = (from: string): Digest | null => {
    const own = outcomes[from]?.result;
    return own !== undefined && work.has(from) ? own.outputs : (run.before.components[from]?.outputs ?? null);
  };
  return Object.fromEntries(
    Object.entries(outcomes).map(([address, one]) => {
      if (work.get(address) !== 'apply' || release === undefined) return [address, one];
      const upstream = Object.fromEntries(upstreamOf(componentOf(release, address)).map((from) => [from, outputs(from)]));
      return [address, { ...one, result: { ...one.result, upstream } }];
    }),
  );
}

function leftAlone(kinds: Kinds, address: string, release: Release, before: TargetState, isLeft: boolean): ComponentOutcome {
  const result = resultOf(kinds, release, address, 'up-to-date');
  const running = before.components[address];
  const isSame = running?.status === 'applied' && running.layer === result.layer && running.settings === result.settings;
  return { result: isSame && !isLeft ? result : { ...result, action: 'skipped' }, plan: undefined };
}

async function outcomeOf(
  address: string,
  operation: Operation,
  release: Release,
  instances: Instances,
  run: RunResults,
): Promise<ComponentOutcome> {
  const { kinds, results, graph, store, before } = run;
  const rollout = instances[address]?.rollout;
  const destroy = operation === 'destroy';
  const result = (action: ComponentResult['action'], fields: Partial<ComponentResult> = {}): ComponentResult =>
    resultOf(kinds, release, address, action, fields);
  const own = [...results.outcomes].filter(([id]) => graph.nodes.get(id)?.component === address);
  const failure = own.find((entry): entry is [string, Extract<Outcome, { status: 'failed' }>] => entry[1].status === 'failed');
  // It was built with the release, and whoever reads its digest has it from there.
  if (rollout === undefined) {
    const cut = [...results.outcomes.values()].some(({ status }) => status === 'failed' || status === 'cancelled');
    return { result: result(destroy ? (cut ? 'not-reached' : 'destroyed') : 'built'), plan: undefined };
  }
  const planId = `${address}/${destroy ? 'plan-destroy' : 'plan'}`;
  const effectId = `${address}/${destroy ? 'destroy' : 'apply'}`;
  // A plan that failed says what is wrong, not what would change.
  const planned = results.outcomes.get(planId)?.status === 'done' ? outputOf(results, planId, 'plan') : undefined;
  const plan = planned === undefined ? undefined : await rollout.readPlan(planned, store, results.mask);
  const changes = plan === undefined ? null : { create: plan.create, update: plan.update, delete: plan.delete };
  const effect = results.outcomes.get(effectId);
  const began = hasBegun(effect);
  const state = began ? await run.locations(address) : null;
  if (effect?.status === 'done') {
    const { outputs: tree } = effect.outputs;
    const warnings = tree === undefined ? [] : ((await rollout.readWarnings?.(tree, store, results.mask)) ?? []);
    if (destroy) return { result: result('destroyed', { changes, began, state }), plan, warnings };
    const isUnchanged = plan !== undefined && plan.changes.length === 0;
    const outputs = await outputsOf(tree, isUnchanged ? before.components[address]?.outputs : null, run, address);
    return { result: result(isUnchanged ? 'unchanged' : 'applied', { changes, began, outputs, state }), plan, warnings };
  }
  const error = failure === undefined ? null : `${graph.nodes.get(failure[0])?.step ?? ''}: ${failure[1].message}`;
  return { result: result(error === null ? 'not-reached' : 'failed', { changes, error, began, state }), plan };
}

/** Whether a command that changes the world was started; where that is not known, it may have been. */
function hasBegun(effect: Outcome | undefined): boolean {
  if (effect === undefined || effect.status === 'cancelled') return false;
  return effect.status === 'done' || !NOT_BEGUN.includes(effect.error.code);
}

const NOT_BEGUN: readonly string[] = [
  'not-started',
  'lock-lost',
  'stale-plan',
  'not-enforced',
  'other-platform',
  'no-runtime',
  'no-engine',
  'no-image',
];

/**
 * The digest of what a component's outputs are now. Of secret ones nothing may be told but that they may have changed: their digest is the name of the
 * run that applied them last.
 */
async function outputsOf(
  tree: Digest | undefined,
  before: Digest | null | undefined,
  { store, intent }: RunResults,
  address: string,
): Promise<Digest | null> {
  if (tree === undefined) return null;
  return (await outputsDigest(tree, store)) ?? before ?? jsonDigest({ intent, address });
}
