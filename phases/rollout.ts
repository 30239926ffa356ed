import { type Digest, type Graph, makeGraph, type Node, type NodeId } from '../engine/index.ts';
import { orderOf, reversed } from '../tracking/index.ts';
import type { Instance, Instances, UpstreamReads } from './kind.ts';
import { upstreamOf } from './reads.ts';

/** What is done with a component: `plan` shows, `apply` applies what it planned, `destroy` destroys. */
export type NodeOperation = 'plan' | 'apply' | 'destroy';

export interface RolloutOptions {
  /** By address. Components that have nothing to run may be in it. */
  readonly work: ReadonlyMap<string, NodeOperation>;
  /** The components of the work, as they are to be, or, for what is destroyed, as they were applied. */
  readonly instances: Instances;
  /** Components that are applied and not part of the work, as they were applied: their outputs are read. */
  readonly applied: Instances;
  /** By address: trees with the outputs that components will have, which are read in place of those that they have. */
  readonly planned?: Readonly<Record<string, Digest>>;
  /** Whether what is applied is looked at, attribute by attribute, before it is. */
  readonly isReviewed?: boolean;
  /** What each component depends on, whether or not it is part of the work. */
  readonly edges: Readonly<Record<string, readonly string[]>>;
}

export interface Rollout {
  readonly graph: Graph;
  /** Components that can't be planned yet, and whose outputs they wait for. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
}

/**
 * The nodes that bring a target to where it is wanted. Pure. A component starts when what it depends on is applied, also through components that
 * have nothing to run; what is destroyed goes after every apply, dependents first. What is read of a component that is not applied now comes from
 * what runs.
 */
export function expandRollout(options: RolloutOptions): Rollout {
  const { work, instances, planned = {}, isReviewed = false } = options;
  const nodes = new Map<NodeId, Node>();
  const add = (list: readonly Node[]): void => {
    for (const node of list) nodes.set(node.id, node);
  };
  const unknown = unknownIn(options);
  const waits = waitsOf(options);
  for (const [address, operation] of work) {
    const instance = instances[address];
    // An image reaches its target through the components that read its digest.
    if (instance === undefined || unknown[address] !== undefined) continue;
    const upstream = upstreamOf(instance.component).filter(
      (from) => planned[from] !== undefined || isApplied(from, work) || outputsOf(from, options) !== undefined,
    );
    for (const from of upstream) {
      const other = outputsOf(from, options);
      if (planned[from] === undefined && !isApplied(from, work) && other !== undefined) add(outputNodes(other, options));
    }
    const destroy = operation === 'destroy';
    add(instance.rollout.prepare(instance, readsOf(upstream, options, destroy)));
    add([
      instance.rollout.plan(instance, {
        destroy,
        isApplied: operation !== 'plan',
        isShown: operation === 'plan' || (isReviewed && !destroy),
        after: waits(address, operation),
      }),
    ]);
    if (operation !== 'plan') add([instance.rollout.apply(instance, { destroy })]);
  }
  return { graph: makeGraph([...nodes.values()]), unknown };
}

/** Reads the outputs of some of the applied components. */
export function expandOutputs(wanted: readonly string[], applied: Instances): Graph {
  const nodes = wanted.flatMap((address) => (applied[address] === undefined ? [] : outputNodes(applied[address], ofApplied(applied))));
  return makeGraph([...new Map(nodes.map((node) => [node.id, node])).values()]);
}

function ofApplied(applied: Instances): RolloutOptions {
  return { work: new Map(), instances: {}, applied, edges: {} };
}

/** What reads the outputs of what runs, with what that takes of the outputs of others: of those that are there. */
function outputNodes(instance: Instance, options: RolloutOptions): readonly Node[] {
  const { rollout, component } = instance;
  if (rollout.readsUpstream !== true) return rollout.outputs(instance, { outputs: {}, declared: {}, isGone: false });
  const all = upstreamOf(component);
  const upstream = all.filter((from) => isApplied(from, options.work) || outputsOf(from, options) !== undefined);
  const others = upstream.flatMap((from) => {
    const other = isApplied(from, options.work) ? undefined : outputsOf(from, options);
    return other === undefined ? [] : outputNodes(other, options);
  });
  const isGone = upstream.length < all.length || options.work.get(instance.address) === 'destroy';
  return [...others, ...rollout.outputs(instance, readsOf(upstream, { ...options, planned: {} }, isGone))];
}

/** Works on a component's state and nothing else: writes a rescued one to its backend, or releases the lock that it has there. */
export function expandState(instance: Instance, operation: { readonly push: Digest } | 'unlock', applied: Instances): Graph {
  const { state } = instance.rollout;
  if (state === undefined) throw new TypeError(`${instance.address} keeps no state`);
  const upstream = upstreamOf(instance.component).filter((from) => applied[from] !== undefined);
  const options = ofApplied(applied);
  const read = upstream.flatMap((from) => outputNodes(applied[from] as Instance, options));
  return makeGraph([
    ...new Map(read.map((node) => [node.id, node])).values(),
    // Its values do not matter: those that are not there are null.
    ...instance.rollout.prepare(instance, readsOf(upstream, options, true)),
    operation === 'unlock' ? state.unlock(instance) : state.push(instance, operation.push),
  ]);
}

/** What of a component's outputs can be read: it is applied, and stays, or is yet to be destroyed. */
function outputsOf(address: string, { work, instances, applied }: RolloutOptions): Instance | undefined {
  return applied[address] ?? (work.get(address) === 'destroy' ? instances[address] : undefined);
}

function isApplied(address: string, work: RolloutOptions['work']): boolean {
  return work.get(address) === 'apply';
}

function readsOf(upstream: readonly string[], options: RolloutOptions, isGone: boolean): UpstreamReads {
  const { work, instances, planned = {} } = options;
  const isNew = (from: string): boolean => isApplied(from, work) || planned[from] !== undefined;
  const source = (from: string): Instance | undefined => (isNew(from) ? instances[from] : outputsOf(from, options));
  const treeOf = (from: string) => planned[from] ?? { node: `${from}/${isApplied(from, work) ? 'apply' : 'outputs'}`, output: 'outputs' };
  return {
    outputs: Object.fromEntries(upstream.map((from) => [from, treeOf(from)])),
    declared: Object.fromEntries(upstream.map((from) => [from, source(from)?.outputs ?? []])),
    isGone,
  };
}

/** What reads outputs that nobody has yet can't be planned, and neither can what reads of it. What is destroyed needs no values. */
export function unknownIn({
  work,
  instances,
  applied,
  planned = {},
}: Omit<RolloutOptions, 'edges'>): Readonly<Record<string, readonly string[]>> {
  const unknown: Record<string, readonly string[]> = {};
  for (const [address, operation] of work) {
    const instance = instances[address];
    if (instance === undefined || operation === 'destroy') continue;
    const waits = upstreamOf(instance.component).filter(
      (from) => !isApplied(from, work) && applied[from] === undefined && planned[from] === undefined,
    );
    if (waits.length > 0) unknown[address] = waits;
  }
  return unknown;
}

/** The last nodes of what a component's plan waits for. */
function waitsOf({ work, instances, edges }: RolloutOptions): (address: string, operation: NodeOperation) => readonly NodeId[] {
  const runs = (wanted: NodeOperation) => (address: string) => instances[address] !== undefined && work.get(address) === wanted;
  const applies = orderOf(edges, runs('apply'));
  const destroys = orderOf(reversed(edges), runs('destroy'));
  const all = [...work.keys()].filter(runs('apply')).map((address) => `${address}/apply`);
  return (address, operation) => {
    switch (operation) {
      case 'plan':
        return [];
      case 'apply':
        return (applies.get(address) ?? []).map((other) => `${other}/apply`);
      case 'destroy':
        return [...all, ...(destroys.get(address) ?? []).map((other) => `${other}/destroy`)];
      default:
        return operation satisfies never;
    }
  };
}
