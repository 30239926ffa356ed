import type { Scope } from '../../config/index.ts';
import { allSettled, type Digest } from '../../engine/index.ts';
import { type Instance, type Instances, upstreamOf } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import type { Values } from '../../stores/index.ts';
import { type Operation, type TargetState, type Work, withoutLoops } from '../../tracking/index.ts';
import { outputsElsewhere } from '../release/elsewhere.ts';
import { componentOf, type Initialized, type InstanceOptions, instancesOf } from '../release/instances.ts';
import { loadRelease } from '../release/stored.ts';
import type { Session } from '../runs/session.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** All that carrying out some work on a target needs, beside its state. */
export interface RolloutInputs {
  /** The releases by digest: the one that is wanted, and those that what runs was applied with. */
  readonly releases: ReadonlyMap<Digest, Release>;
  /** What each component of the work is applied, or destroyed, with. */
  readonly subjects: ReadonlyMap<string, Release>;
  /** The components of the work that have something to run. */
  readonly instances: Instances;
  /** Components whose outputs are read from their states. */
  readonly applied: Instances;
  readonly edges: Readonly<Record<string, readonly string[]>>;
}

export interface GroundOptions {
  readonly initialized?: Initialized;
  /** Runs the nodes that read outputs of components that are somebody else's; without one their values are not there. */
  readonly session?: Session;
  /** What the wanted release was made of just now. */
  readonly scope?: Scope | undefined;
}

/**
 * Reads the releases and layers that some work on a target needs: what is applied, as the wanted release has it; what is destroyed or only read, as it
 * was last applied.
 */
export async function rolloutInputsOf(
  workspace: Workspace,
  state: TargetState,
  work: ReadonlyMap<string, Operation | 'plan'>,
  wanted: Release | undefined,
  { initialized = {}, session, scope }: GroundOptions = {},
): Promise<RolloutInputs> {
  const releases = new Map<Digest, Release>(wanted === undefined ? [] : [[wanted.digest, wanted]]);
  const releaseOf = async (address: string): Promise<Release> => {
    const digest = state.components[address]?.release;
    if (digest === undefined) throw new TypeError(`${address} is not in the state of ${state.target}`);
    const known = releases.get(digest) ?? (await loadRelease(workspace, digest));
    releases.set(digest, known);
    return known;
  };
  const subjects = new Map<string, Release>();
  for (const [address, operation] of work)
    subjects.set(address, operation === 'destroy' || wanted === undefined ? await releaseOf(address) : wanted);
  const elsewhere = async (release: Release, addresses: readonly string[]): Promise<Values> =>
    session === undefined ? {} : outputsElsewhere(workspace, session, release, addresses, scope);
  const instances = await byRelease(workspace, subjects, { initialized, stores: true }, elsewhere);
  const read = new Map<string, Release>();
  for (const [address, operation] of work) {
    const instance = instances[address];
    for (const from of instance === undefined ? [] : upstreamOf(instance.component)) {
      const running = state.components[from];
      // What failed may have no outputs; a destroy takes what there is.
      const isRead = running !== undefined && (operation === 'destroy' || running.status === 'applied');
      if (isRead && !(['apply', 'destroy'] as unknown[]).includes(work.get(from))) read.set(from, await releaseOf(from));
    }
  }
  const applied: Record<string, Instance> = {};
  // Of some kinds what they read themselves is read, too.
  for (let next = read; next.size > 0; ) {
    const found = Object.values(await byRelease(workspace, next, {}, async () => ({})));
    for (const instance of found) applied[instance.address] = instance;
    const further = found.filter(({ rollout }) => rollout.readsUpstream === true);
    const whole = new Map(further.map(({ address }) => [address, next.get(address) as Release]));
    Object.assign(applied, await byRelease(workspace, whole, { stores: true }, elsewhere));
    next = new Map();
    for (const from of further.flatMap(({ component }) => upstreamOf(component))) {
      const isLeft = (['apply', 'destroy'] as unknown[]).includes(work.get(from));
      if (applied[from] === undefined && !isLeft && state.components[from]?.status === 'applied') next.set(from, await releaseOf(from));
    }
  }
  return {
    releases,
    subjects,
    instances,
    applied,
    edges: edgesOf(subjects, wanted),
  };
}

async function byRelease(
  workspace: Workspace,
  subjects: ReadonlyMap<string, Release>,
  options: InstanceOptions,
  elsewhere: (release: Release, addresses: readonly string[]) => Promise<Values>,
): Promise<Instances> {
  const groups = Map.groupBy(subjects, ([, release]) => release);
  const all = await allSettled(groups, async ([release, own]) => {
    const addresses = own.map(([address]) => address);
    return instancesOf(workspace, release, addresses, { ...options, elsewhere: await elsewhere(release, addresses) });
  });
  return Object.assign({}, ...all) as Readonly<Record<string, Instance>>;
}

/** What each component depends on, by the release that it is applied or destroyed with. Releases of different times may contradict each other. */
function edgesOf(subjects: ReadonlyMap<string, Release>, wanted: Release | undefined): RolloutInputs['edges'] {
  const edges: Record<string, readonly string[]> = {};
  for (const [address, { dependsOn }] of Object.entries(wanted?.config.components ?? {})) edges[address] = dependsOn;
  for (const [address, release] of subjects) edges[address] = componentOf(release, address).dependsOn;
  return withoutLoops(edges);
}

/** The addresses and operations of some work, as one text: whether two are the same. */
export function workKey(work: Work): string {
  return JSON.stringify([...work].sort());
}
