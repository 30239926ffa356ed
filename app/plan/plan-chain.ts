import type { Need } from '../../config/index.ts';
import { type Digest, failures, type Graph, outputOf, type Results } from '../../engine/index.ts';
import { type Instances, outputReadsOf, type PlannedOutputs, type PlanSummary, type Rollout } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import type { Session } from '../runs/session.ts';
import type { Workspace } from '../workspace/workspace.ts';

export interface Chain {
  readonly workspace: Workspace;
  readonly session: Session;
  readonly release: Release;
  readonly instances: Instances;
  /** The components that are planned. */
  readonly work: readonly string[];
  /** Those of them that are as they are wanted: what reads their outputs need hardly wait for their plans. */
  readonly current: ReadonlySet<string>;
  /** The nodes that plan components, with the outputs that others will have; and those that wait for outputs which nobody has. */
  expand(addresses: readonly string[], planned: Readonly<Record<string, Digest>>): Rollout;
  run(graph: Graph): Promise<Results>;
}

export interface ChainAnswer {
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** Components whose values are known only after others are applied, and which. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
  /** What ran, in turn. */
  readonly results: readonly Results[];
}

/**
 * Plans components that read one another: each with what the others will have, as far as their plans tell. What waits for a value that is known only
 * after an apply is not planned with another one.
 */
export async function planChain(chain: Chain): Promise<ChainAnswer> {
  const { workspace, session, release, instances, work, current } = chain;
  const plans: Record<string, PlanSummary> = {};
  /** What plans that change something say of outputs. */
  const outputs: Record<string, PlannedOutputs> = {};
  const unknown: Record<string, readonly string[]> = {};
  const all: Results[] = [];

  const readsOf = (address: string): readonly Need[] => {
    const component = release.config.components[address];
    return component === undefined ? [] : outputReadsOf(component);
  };
  const upstream = (address: string): readonly string[] =>
    [...new Set(readsOf(address).map(({ component }) => component))].filter((from) => work.includes(from));
  /** Whether what is read is not what a state has. */
  const isChanged = ({ component, field }: Need): boolean =>
    unknown[component] !== undefined || outputs[component]?.changed.has(field) === true;
  const isUnknown = ({ component, field }: Need): boolean =>
    // One whose plan failed has none.
    (work.includes(component) && plans[component] === undefined) || outputs[component]?.unknown.has(field) === true;

  const run = async (addresses: readonly string[]): Promise<void> => {
    const planned = Object.fromEntries(
      [...new Set(addresses.flatMap(upstream))].flatMap((from) => (outputs[from] === undefined ? [] : [[from, outputs[from].tree]])),
    );
    const { graph, unknown: waiting } = chain.expand(addresses, planned);
    Object.assign(unknown, waiting);
    const results = await chain.run(graph);
    all.push(results);
    for (const address of addresses) {
      delete plans[address];
      delete outputs[address];
      const plan = outputOf(results, `${address}/plan`, 'plan');
      if (plan === undefined || results.outcomes.get(`${address}/plan`)?.status !== 'done') continue;
      const instance = instances[address];
      if (instance === undefined) continue;
      const said = await instance.rollout.plannedOutputs(plan, instance, workspace.store);
      if (said !== undefined) {
        outputs[address] = said;
        session.settings.mask.add(said.sensitive);
      }
      plans[address] = await instance.rollout.readPlan(plan, workspace.store, results.mask);
    }
  };

  const isFree = (address: string): boolean => upstream(address).every((from) => current.has(from));
  const planned = new Set(work.filter(isFree));
  await run([...planned]);
  const settled = new Set<string>();
  while (session.settings.keepGoing || all.every((results) => failures(results).length === 0)) {
    const next = work.filter((address) => !settled.has(address) && upstream(address).every((from) => settled.has(from)));
    if (next.length === 0) break;
    for (const address of next) {
      const waits = readsOf(address).filter(isUnknown);
      if (waits.length === 0) continue;
      unknown[address] = [...new Set(waits.map(({ component }) => component))].sort();
      delete plans[address];
      delete outputs[address];
    }
    const again = next.filter((address) => unknown[address] === undefined && (!planned.has(address) || readsOf(address).some(isChanged)));
    if (again.length > 0) await run(again);
    for (const address of next) settled.add(address);
  }
  return { plans, unknown, results: all };
}
