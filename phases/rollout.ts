import { type Need, storeOf } from '../config/index.ts';
import { type Digest, type Graph, type Json, makeGraph, type Node, type NodeId } from '../engine/index.ts';
import type { Release, ReleaseComponent } from '../releases/index.ts';
import { terraformImage } from './ground.ts';
import { input, step } from './step.ts';
import { applyNode, MODULE, type ModuleArgs, outputsNode, planNode, prepareNodes, type Site } from './terraform/index.ts';

/** `plan` shows, `rollout` applies what it planned, `destroy` takes down. */
export type Purpose = 'plan' | 'rollout' | 'destroy';

/** What the expansion of a release needs beside it; gathered before. */
export interface ReleaseGround {
  /** Trees taken out of the layers, by address. */
  readonly layers: Readonly<Record<string, LayerTrees>>;
  /** By address: a tree with `stores.json`, what a component reads of stores by need; for those that read any. */
  readonly stores: Readonly<Record<string, Digest>>;
  /** Below the state root: the directory of a component's local state. */
  stateDir(component: string): string;
}

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

export interface RolloutOptions {
  readonly purpose: Purpose;
  /** The components to run, by address. The others stay as they are. */
  readonly run: ReadonlySet<string>;
  /** Components that were applied before, so that their state has outputs to read. */
  readonly applied: ReadonlySet<string>;
}

export interface Rollout {
  readonly graph: Graph;
  /** Components that can't be planned yet, and whose outputs they wait for. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
}

/**
 * The nodes that bring a release to its target. Pure. A component starts when what it depends on is applied; what it reads of a component
 * that does not run comes from that one's state.
 */
export function expandRollout(release: Release, ground: ReleaseGround, options: RolloutOptions): Rollout {
  const { purpose, run } = options;
  const nodes = new Map<NodeId, Node>();
  const add = (list: readonly Node[]): void => {
    for (const node of list) nodes.set(node.id, node);
  };
  const unknown = unknownIn(release, options);
  for (const [address, component] of Object.entries(release.config.components)) {
    if (!run.has(address) || unknown[address] !== undefined) continue;
    // An image reaches its target through the components that read its digest.
    if (component.kind === 'nixpack') continue;
    const site = siteOf(address, component, release, ground);
    const upstream = upstreamOf(component);
    for (const from of upstream) {
      const other = release.config.components[from];
      if (other !== undefined && !appliesNow(from, options)) add([readOutputs(from, other, release, ground)]);
    }
    // Where it is known what init made, only providers are left to be placed.
    add(prepareNodes(site).filter(({ step: name }) => site.data === undefined || name !== 'init'));
    add([moduleNode(address, component, ground, upstream, options)]);
    add([planNode(site, { destroy: purpose === 'destroy', isApplied: purpose !== 'plan', after: waitsFor(address, release, options) })]);
    if (purpose !== 'plan') add([applyNode(site, { destroy: purpose === 'destroy' })]);
  }
  return { graph: makeGraph([...nodes.values()]), unknown };
}

/** Reads the outputs of applied components from their states. */
export function expandOutputs(release: Release, ground: ReleaseGround, components: readonly string[]): Graph {
  return makeGraph(
    components.flatMap((address) => {
      const component = release.config.components[address];
      return component === undefined ? [] : [readOutputs(address, component, release, ground)];
    }),
  );
}

/** The components whose outputs a component reads. */
export function upstreamOf(component: ReleaseComponent): readonly string[] {
  const read = readsIn(component).filter((need) => storeOf(need) === undefined);
  return [...new Set(read.map((need) => need.component))].sort();
}

/** What a component reads of stores. */
export function storeReadsOf(component: ReleaseComponent): readonly Need[] {
  return readsIn(component).filter((need) => storeOf(need) !== undefined);
}

/** `<address>#<field>`; neither holds a `#` before it. */
function readsIn({ reads }: ReleaseComponent): readonly Need[] {
  return reads.map((read) => ({ component: read.slice(0, read.indexOf('#')), field: read.slice(read.indexOf('#') + 1) }));
}

function appliesNow(address: string, { purpose, run }: RolloutOptions): boolean {
  return purpose === 'rollout' && run.has(address);
}

/** In a plan nothing is applied: what reads outputs that no state has yet can't be planned, and neither can what reads of it. */
function unknownIn(release: Release, options: RolloutOptions): Readonly<Record<string, readonly string[]>> {
  if (options.purpose === 'rollout') return {};
  const unknown: Record<string, readonly string[]> = {};
  for (const address of options.run) {
    const component = release.config.components[address];
    const waits = component === undefined ? [] : upstreamOf(component).filter((from) => !options.applied.has(from));
    if (waits.length > 0) unknown[address] = waits;
  }
  return unknown;
}

function siteOf(address: string, component: ReleaseComponent, release: Release, ground: ReleaseGround): Site {
  const { command, workspace, backend_type, root, env } = component.settings as Record<
    'command' | 'workspace' | 'backend_type' | 'root',
    string
  > & {
    env: Record<string, string>;
  };
  const trees = treesOf(address, ground);
  const image = release.config.images[terraformImage(command)];
  if (image === undefined) throw new TypeError(`the release pins no image for ${command}`);
  return {
    component: address,
    image: image.digest,
    command,
    source: trees.source,
    root,
    providers: trees.providers,
    data: trees.data,
    workspace,
    backendType: backend_type,
    stateDir: ground.stateDir(address),
    env,
    secrets: Object.keys(release.config.secrets).sort(),
  };
}

function treesOf(address: string, ground: ReleaseGround): LayerTrees {
  const trees = ground.layers[address];
  if (trees === undefined) throw new TypeError(`no layer of ${address}`);
  return trees;
}

function readOutputs(address: string, component: ReleaseComponent, release: Release, ground: ReleaseGround): Node {
  return outputsNode(siteOf(address, component, release, ground), treesOf(address, ground).backend);
}

function moduleNode(
  address: string,
  component: ReleaseComponent,
  ground: ReleaseGround,
  upstream: readonly string[],
  options: RolloutOptions,
): Node {
  const stores = ground.stores[address];
  const args: ModuleArgs = { component: address, root: String(component.settings.root), upstream, stores: stores !== undefined };
  return step(address, 'module', {
    inputs: [
      input('layer', treesOf(address, ground).layer),
      ...(stores === undefined ? [] : [input('stores', stores)]),
      ...upstream.map((from) =>
        input(`outputs/${from}`, { node: `${from}/${appliesNow(from, options) ? 'apply' : 'outputs'}`, output: 'outputs' }),
      ),
    ],
    action: { kind: 'compute', ...MODULE, args: args as unknown as Json, outputs: ['module'] },
  });
}

/** In a rollout a component waits for what it depends on, in a destroy for what depends on it. */
function waitsFor(address: string, release: Release, { purpose, run }: RolloutOptions): readonly NodeId[] {
  const components = Object.entries(release.config.components);
  const last = (other: string, component: ReleaseComponent | undefined): readonly NodeId[] => {
    if (component === undefined || component.kind === 'nixpack' || !run.has(other)) return [];
    return [`${other}/${purpose === 'destroy' ? 'destroy' : 'apply'}`];
  };
  if (purpose === 'plan') return [];
  if (purpose === 'destroy') {
    return components.filter(([, other]) => other.dependsOn.includes(address)).flatMap(([name, other]) => last(name, other));
  }
  return (release.config.components[address]?.dependsOn ?? []).flatMap((other) => last(other, release.config.components[other]));
}
