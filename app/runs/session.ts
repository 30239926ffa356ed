import { type ImageStore, openImages, openRuntime, type RuntimeName } from '../../containers/index.ts';
import {
  type Cancellation,
  type ComputeFunctions,
  type Digest,
  type Effect,
  type Graph,
  type GrowingMask,
  type Isolation,
  type RemoteCache,
  type Results,
  type Runtime,
  run,
} from '../../engine/index.ts';
import { loadKinds } from '../../kinds/index.ts';
import { sensitiveValues } from '../../phases/index.ts';
import type { Lock } from '../../tracking/index.ts';
import type { LockFile } from '../../vendoring/index.ts';
import { type GraphPhase, graphNodes } from '../workspace/events.ts';
import { durationsIn } from '../workspace/journal.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { pinsOf } from './pins.ts';

/** How the user wants things run. */
export interface RunSettings {
  readonly runtime: RuntimeName;
  /** How many nodes run at once. */
  readonly parallelism: number;
  /** How many nodes of a step run at once, by step. */
  readonly pools: ReadonlyMap<string, number>;
  readonly keepGoing: boolean;
  readonly noCache: boolean;
  /** Keep the files of nodes that fail. */
  readonly keep: boolean;
  readonly isolation: Isolation | undefined;
  readonly cancellation: Cancellation;
  /** How long to wait for whoever deploys the same target, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Learns of all that is secret: whoever shows something masks it. */
  readonly mask: GrowingMask;
}

/** What is done around commands that change the world. */
export interface EffectHooks {
  /** Before one. @throws when it must not be started */
  check?(effect: Effect): Promise<void>;
  /** After one that ended well. @throws when that is not enough */
  resolveDeferred?(effect: Effect & { readonly outputs: Readonly<Record<string, Digest>> }): Promise<void>;
}

/** Steps whose output `outputs` holds a component's outputs. */
const READERS: readonly string[] = ['apply', 'destroy', 'outputs'];

/** Runs the graphs of one command: one runtime, opened when the first node really needs it, and one set of images. */
export class Session {
  readonly images: ImageStore;
  readonly #workspace: Workspace;
  readonly #settings: RunSettings;
  /** With `--no-cache`, what this command has made itself still counts. */
  readonly #fresh: Set<Digest> | undefined;
  #runtime: Promise<Runtime> | undefined;
  #remote: Promise<RemoteCache | undefined> | undefined;
  #durations: ReadonlyMap<string, number> | undefined;

  constructor(workspace: Workspace, lock: LockFile, settings: RunSettings) {
    this.#workspace = workspace;
    this.#settings = settings;
    this.#fresh = settings.noCache ? new Set() : undefined;
    this.images = openImages(workspace.store, pinsOf(lock));
  }

  /** Whether a container had to be run. */
  get ran(): boolean {
    return this.#runtime !== undefined;
  }

  get settings(): RunSettings {
    return this.#settings;
  }

  /** Runs a graph for a phase; nodes that failed are in the results. A lock that is lost interrupts it as the user would, and is asked before each effect. */
  async run(
    phase: GraphPhase,
    graph: Graph,
    secrets: Readonly<Record<string, string>> = {},
    lock?: Lock,
    { check, resolveDeferred }: EffectHooks = {},
  ): Promise<Results> {
    const { store, stateRoot, runsRoot, keepRoot, events } = this.#workspace;
    events.emit({ type: 'graph', phase, nodes: graphNodes(graph) });
    const { interrupt, force } = this.#settings.cancellation;
    const cancellation = { interrupt: lock === undefined ? interrupt : AbortSignal.any([interrupt, lock.lost]), force };
    const { computesOf } = await loadKinds();
    const computes: ComputeFunctions = computesOf(await this.#workspace.kinds.load());
    this.#durations ??= durationsIn(this.#workspace.logsRoot);
    const remote = await this.#openRemote();
    return run(graph, {
      ...this.#settings,
      listener: (event) => events.emit(event),
      fresh: this.#fresh,
      cancellation,
      store,
      stateRoot,
      runsRoot,
      keepRoot: this.#settings.keep ? keepRoot : undefined,
      computes,
      remote,
      durations: this.#durations,
      secrets,
      // Outputs that are sensitive.
      findSecrets: async (step, { outputs }) => {
        if (outputs === undefined || !READERS.includes(step)) return [];
        return sensitiveValues(await store.tree(outputs), async (digest) => (await store.get(digest)) ?? new Uint8Array());
      },
      beforeEffect: async (effect) => {
        await lock?.check();
        await check?.(effect);
      },
      afterEffect: resolveDeferred,
      runtime: () => this.#open(),
    });
  }

  /** Opens the runtime already, for some components, beside other work. What is wrong with it is told by whoever runs a node. */
  warm(components: number): void {
    this.#open(Math.min(components, this.#settings.parallelism)).catch(() => undefined);
  }

  async close(): Promise<void> {
    const runtime = await this.#runtime?.catch(() => undefined);
    await Promise.all([runtime?.close(), this.#remote?.then((remote) => remote?.close())]);
  }

  #openRemote(): Promise<RemoteCache | undefined> {
    const { project, store, warn } = this.#workspace;
    const settings = project.deployments.engine.remote;
    if (settings === undefined) return Promise.resolve(undefined);
    const mode = process.env.ATMOS_DEPLOYMENT_CACHE_MODE === 'read-only' ? 'read-only' : settings.mode;
    // Loaded where there is one.
    this.#remote ??= import('../../remote-cache/index.ts').then(({ openRemoteCache }) =>
      openRemoteCache({ ...settings, mode }, store, warn, this.#settings.cancellation.interrupt),
    );
    return this.#remote;
  }

  #open(expected = 1): Promise<Runtime> {
    this.#runtime ??= openRuntime(this.#settings.runtime, this.images, expected).then((runtime) => {
      this.#workspace.events.emit({ type: 'runtime', name: runtime.name });
      return runtime;
    });
    return this.#runtime;
  }
}
