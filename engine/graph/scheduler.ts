import { chainLengths, type Graph } from './graph.ts';
import type { NodeId } from './node.ts';

type State = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface SchedulerOptions {
  readonly parallelism: number;
  /** How many nodes of a step run at once, by step: those that need much of the same. */
  readonly pools?: ReadonlyMap<string, number> | undefined;
  readonly keepGoing: boolean;
  /** How long nodes took before, in milliseconds. */
  readonly durations: ReadonlyMap<NodeId, number>;
}

/** A node that is not known is taken to last as long as the others do on average; where none is known, all last alike. */
function durationsOf(known: SchedulerOptions['durations']): (id: NodeId) => number {
  let total = 0;
  for (const ms of known.values()) total += Math.max(1, ms);
  const usual = known.size === 0 ? 1 : total / known.size;
  return (id) => Math.max(1, known.get(id) ?? usual);
}

/**
 * Which nodes may start: a ready-queue over a graph, longest remaining chain first, then by id. A data structure
 * without I/O or clock; whoever runs the nodes tells it how they ended.
 */
export class Scheduler {
  readonly #graph: Graph;
  readonly #parallelism: number;
  readonly #keepGoing: boolean;
  readonly #states = new Map<NodeId, State>();
  readonly #missing = new Map<NodeId, number>();
  readonly #lengths: ReadonlyMap<NodeId, number>;
  readonly #ready: NodeId[] = [];
  readonly #pools: ReadonlyMap<string, number>;
  readonly #inPool = new Map<string, number>();
  #running = 0;
  #stopped = false;

  constructor(graph: Graph, options: SchedulerOptions) {
    this.#graph = graph;
    this.#parallelism = options.parallelism;
    this.#pools = options.pools ?? new Map();
    this.#keepGoing = options.keepGoing;
    this.#lengths = chainLengths(graph, durationsOf(options.durations));
    for (const id of graph.nodes.keys()) {
      this.#states.set(id, 'waiting');
      const missing = graph.dependencies.get(id)?.size ?? 0;
      this.#missing.set(id, missing);
      if (missing === 0) this.#enqueue(id);
    }
  }

  /** Nodes to start now; they count as running from here on. */
  take(): readonly NodeId[] {
    const taken: NodeId[] = [];
    while (!this.#stopped && this.#running < this.#parallelism) {
      const at = this.#pools.size === 0 ? 0 : this.#ready.findIndex((id) => this.#hasRoom(id));
      const [id] = at === -1 ? [] : this.#ready.splice(at, 1);
      if (id === undefined) break;
      this.#states.set(id, 'running');
      this.#running += 1;
      this.#count(id, 1);
      taken.push(id);
    }
    return taken;
  }

  /** Whether a node's step may have one more that runs. */
  #hasRoom(id: NodeId): boolean {
    const step = this.#graph.nodes.get(id)?.step ?? '';
    return (this.#inPool.get(step) ?? 0) < (this.#pools.get(step) ?? Number.POSITIVE_INFINITY);
  }

  #count(id: NodeId, change: 1 | -1): void {
    const step = this.#graph.nodes.get(id)?.step ?? '';
    if (this.#pools.has(step)) this.#inPool.set(step, (this.#inPool.get(step) ?? 0) + change);
  }

  succeeded(id: NodeId): void {
    this.#leave(id, 'succeeded');
    for (const next of this.#graph.dependents.get(id) ?? []) {
      const missing = (this.#missing.get(next) ?? 0) - 1;
      this.#missing.set(next, missing);
      if (missing === 0 && this.#states.get(next) === 'waiting') this.#enqueue(next);
    }
  }

  /** Nothing that depends on it will start; unless `keepGoing`, nothing else will either. Returns the nodes that are cancelled by this. */
  failed(id: NodeId): readonly NodeId[] {
    this.#leave(id, 'failed');
    return this.#keepGoing ? this.#cancelDependents(id) : this.stop();
  }

  /** Starts nothing more. Returns the nodes that are cancelled by this. */
  stop(): readonly NodeId[] {
    this.#stopped = true;
    const waiting = [...this.#states].filter(([, state]) => state === 'waiting').map(([id]) => id);
    for (const id of waiting) this.#states.set(id, 'cancelled');
    return waiting;
  }

  /** True when nothing runs and nothing can start. */
  get done(): boolean {
    return this.#running === 0 && (this.#stopped || this.#ready.length === 0);
  }

  #leave(id: NodeId, state: State): void {
    if (this.#states.get(id) !== 'running') throw new Error(`${id} is not running`);
    this.#states.set(id, state);
    this.#running -= 1;
    this.#count(id, -1);
  }

  #cancelDependents(id: NodeId): readonly NodeId[] {
    const cancelled: NodeId[] = [];
    const queue = [id];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const dependent of this.#graph.dependents.get(next) ?? []) {
        if (this.#states.get(dependent) !== 'waiting') continue;
        this.#states.set(dependent, 'cancelled');
        cancelled.push(dependent);
        queue.push(dependent);
      }
    }
    return cancelled;
  }

  #enqueue(id: NodeId): void {
    const before = (a: NodeId, b: NodeId): boolean => {
      const difference = (this.#lengths.get(b) ?? 0) - (this.#lengths.get(a) ?? 0);
      return difference !== 0 ? difference < 0 : a < b;
    };
    let low = 0;
    let high = this.#ready.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#ready[middle];
      if (other !== undefined && before(other, id)) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, id);
  }
}
