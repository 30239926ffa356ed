import type { NodeLimits } from '../config/index.ts';
import { type Digest, type Graph, type Json, type JsonObject, makeGraph, type Node, type NodeId, type SecretRef } from '../engine/index.ts';
import type { ReleaseComponent } from '../releases/index.ts';
import { orderOf, reversed } from '../tracking/index.ts';
import { upstreamOf } from './reads.ts';
import { input, step } from './step.ts';
import {
  applyNode,
  MODULE,
  type ModuleArgs,
  outputsNode,
  planNode,
  prepareNodes,
  pushNode,
  type Site,
  unlockNode,
} from './terraform/index.ts';

/** A component as a release has it, with all that its nodes need; gathered before. */
export interface Instance {
  readonly address: string;
  readonly component: ReleaseComponent;
  /** The image that its nodes run in. */
  readonly image: Digest;
  readonly secrets: readonly SecretRef[];
  readonly trees: LayerTrees;
  /** What kinds of values the variables of its root module take. */
  readonly variableTypes: Readonly<Record<string, string>>;
  /** The outputs that its root module declares. */
  readonly outputs: readonly string[];
  /** A tree with `stores.json`: what it reads of stores; `undefined` where it reads none. */
  readonly stores: Digest | undefined;
  /** Below the state root: the directory of its local state. */
  readonly stateDir: string;
  /** As `statePlace` has it. */
  readonly statePlace: string | undefined;
}
export type Instances = Readonly<Record<string, Instance>>;

export interface LayerTrees {
  readonly layer: Digest;
  /** The source tree with the lock file at its place. */
  readonly source: Digest;
  /** The backend file alone. */
  readonly backend: Digest;
  readonly providers: Digest | undefined | { readonly requirements: Digest };
  /** The data directory that `init` made when the release was made just now: then it need not run again. */
  readonly data: Digest | undefined;
}

/** What is done with a component: `plan` shows, `apply` applies what it planned, `destroy` takes down. */
export type NodeOperation = 'plan' | 'apply' | 'destroy';

export interface RolloutOptions {
  /** By address. Components of other kinds than terraform may be in it: they have nothing to run. */
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
 * its state.
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
    const site = siteOf(instance);
    const upstream = upstreamOf(instance.component).filter(
      (from) => planned[from] !== undefined || isApplied(from, work) || outputsOf(from, options) !== undefined,
    );
    for (const from of upstream) {
      const other = outputsOf(from, options);
      if (planned[from] === undefined && !isApplied(from, work) && other !== undefined) add([readOutputs(other)]);
    }
    // Where it is known what init made, only providers are left to be placed.
    add(prepareNodes(site).filter(({ step: name }) => site.data === undefined || name !== 'init'));
    const destroy = operation === 'destroy';
    add([moduleNode(instance, upstream, options, destroy)]);
    add([
      planNode(site, {
        destroy,
        isApplied: operation !== 'plan',
        isShown: operation === 'plan' || (isReviewed && !destroy),
        after: waits(address, operation),
      }),
    ]);
    if (operation !== 'plan') add([applyNode(site, { destroy })]);
  }
  return { graph: makeGraph([...nodes.values()]), unknown };
}

/** Reads the outputs of applied components from their states. */
export function expandOutputs(instances: Instances): Graph {
  return makeGraph(Object.values(instances).map(readOutputs));
}

/** Works on a component's state and nothing else: writes a rescued one to its backend, or releases the lock that it has there. */
export function expandState(instance: Instance, operation: { readonly push: Digest } | 'unlock', applied: Instances): Graph {
  const site = siteOf(instance);
  const upstream = upstreamOf(instance.component).filter((from) => applied[from] !== undefined);
  const options: RolloutOptions = { work: new Map(), instances: {}, applied, edges: {} };
  return makeGraph([
    ...upstream.map((from) => readOutputs(applied[from] as Instance)),
    ...prepareNodes(site),
    // Its values do not matter: those that are not there are null.
    moduleNode(instance, upstream, options, true),
    operation === 'unlock' ? unlockNode(site) : pushNode(site, operation.push),
  ]);
}

/** What of a component's outputs can be read: it is applied, and stays, or is yet to be destroyed. */
function outputsOf(address: string, { work, instances, applied }: RolloutOptions): Instance | undefined {
  return applied[address] ?? (work.get(address) === 'destroy' ? instances[address] : undefined);
}

function isApplied(address: string, work: RolloutOptions['work']): boolean {
  return work.get(address) === 'apply';
}

/** What reads outputs that no state has yet can't be planned, and neither can what reads of it. What is destroyed needs no values. */
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

function siteOf({ address, component, image, secrets, trees, stateDir }: Instance): Site {
  const { command, workspace, backend_type, root, env, limits } = component.settings as Record<
    'command' | 'workspace' | 'backend_type' | 'root',
    string
  > & {
    env: Record<string, string>;
    limits?: NodeLimits & JsonObject;
  };
  const { source, providers, data } = trees;
  return {
    component: address,
    image,
    command,
    source,
    root,
    providers,
    data,
    workspace,
    backendType: backend_type,
    stateDir,
    env,
    secrets,
    limits,
  };
}

function readOutputs(instance: Instance): Node {
  return outputsNode(siteOf(instance), instance.trees.backend);
}

function moduleNode(
  { address, component, trees, stores, variableTypes }: Instance,
  upstream: readonly string[],
  options: RolloutOptions,
  destroy: boolean,
): Node {
  const { work, instances, planned = {} } = options;
  const isNew = (from: string): boolean => isApplied(from, work) || planned[from] !== undefined;
  const source = (from: string): Instance | undefined => (isNew(from) ? instances[from] : outputsOf(from, options));
  const args: ModuleArgs = {
    component: address,
    root: String(component.settings.root),
    upstream,
    declared: Object.fromEntries(upstream.map((from) => [from, source(from)?.outputs ?? []])),
    stores: stores !== undefined,
    gone: destroy ? variableTypes : null,
  };
  return step(address, 'module', {
    inputs: [
      input('layer', trees.layer),
      ...(stores === undefined ? [] : [input('stores', stores)]),
      ...upstream.map((from) =>
        input(`outputs/${from}`, planned[from] ?? { node: `${from}/${isApplied(from, work) ? 'apply' : 'outputs'}`, output: 'outputs' }),
      ),
    ],
    action: { kind: 'compute', ...MODULE, args: args as unknown as Json, outputs: ['module'] },
  });
}
