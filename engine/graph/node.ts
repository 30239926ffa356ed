import type { Digest } from '../content/digest.ts';
import type { Json } from '../content/json.ts';

/** A node's name for people: `rollout/terraform/ecs/api/plan`. Unique in a graph; not part of the key. */
export type NodeId = string;

/** Where a node finds files: a tree by digest, or what another node exported under a name. */
export interface Input {
  /** Absolute path in the container; for a compute node, the name under which it finds the tree. */
  readonly path: string;
  readonly from: Digest | OutputRef;
}
export interface OutputRef {
  readonly node: NodeId;
  readonly output: string;
}

/** A directory in the container that leaves it as a tree. */
export interface Output {
  readonly name: string;
  /** Absolute path in the container, writable and empty at the start. */
  readonly path: string;
}

/** One step. Everything that can change its result is in here; nothing else may. */
export interface Node {
  readonly id: NodeId;
  /** The component it belongs to (`<kind>/<name>`) and what it does for it (`plan`); for people. */
  readonly component: string;
  readonly step: string;
  readonly inputs: readonly Input[];
  /** Nodes that must have succeeded before, though nothing of theirs is read. */
  readonly after: readonly NodeId[];
  /** `never` for what talks to the world (plan, apply): it runs each time and its result is not kept. */
  readonly cache: 'content' | 'never';
  readonly action: Action;
}

export type Action = Exec | Compute;

/** Runs a command in a container. */
export interface Exec {
  readonly kind: 'exec';
  /** The image's config digest (image ID): the same on every engine. */
  readonly image: Digest;
  readonly argv: readonly string[];
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Environment variables whose values are secret: names enter the key, values never. */
  readonly secrets: readonly SecretRef[];
  readonly network: 'none' | 'bridge' | 'host';
  /**
   * A directory among its inputs whose files say what it is to reach: with `network: bridge`, addresses of the machine itself are out of reach unless
   * these or `env` name them. `undefined` for none. Not in the key: what cannot be reached is a failure, which is not kept.
   */
  readonly settings: string | undefined;
  readonly limits: Limits;
  readonly outputs: readonly Output[];
  /** Whether outputs are also taken from a command that failed: reports of tests. Such a result is not kept in the cache. */
  readonly collect: 'success' | 'always';
  /** Host directories mounted read-write: state that must reach the disk at once. Only with `cache: 'never'`. */
  readonly state: readonly StateMount[];
  /**
   * For a command that changes the world: it is not ended with the process that started it. Names the directory below the run root where it leaves
   * what the next one needs to find it. `undefined` for all others.
   */
  readonly effect: string | undefined;
  /** Exit codes that count as success; their number is in the result. Sorted. */
  readonly succeeds: readonly number[];
  /** Milliseconds after which it is ended; `undefined` for no limit. Not in the key, as the next one: what they change is a failure, which is not kept. */
  readonly timeoutMs: number | undefined;
  /** Number of retries. */
  readonly retries: number;
}

/** A variable of a node that has a secret's value. */
export interface SecretRef {
  readonly name: string;
  /** Which of the run's secrets. */
  readonly from: string;
}

export interface StateMount {
  /** Absolute path in the container. */
  readonly path: string;
  /** Below the state root of the run, `/` between parts. */
  readonly dir: string;
}

export interface Limits {
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly pids: number;
}

/** A pure function of its input trees, run in this process: synth, image assembly. Name and version are in the key. */
export interface Compute {
  readonly kind: 'compute';
  readonly name: string;
  readonly version: number;
  readonly args: Json;
  readonly outputs: readonly string[];
}

/** An exec action that declares what is given and nothing else: no network, no secrets, no outputs; exit code 0 is success. */
export function execAction(action: Pick<Exec, 'image' | 'argv' | 'limits'> & Partial<Exec>): Exec {
  return {
    kind: 'exec',
    workdir: '/',
    env: {},
    secrets: [],
    network: 'none',
    settings: undefined,
    outputs: [],
    collect: 'success',
    state: [],
    effect: undefined,
    timeoutMs: undefined,
    retries: 0,
    succeeds: [0],
    ...action,
  };
}

export function outputNames(action: Action): readonly string[] {
  switch (action.kind) {
    case 'exec':
      return action.outputs.map((output) => output.name);
    case 'compute':
      return action.outputs;
    default:
      return action satisfies never;
  }
}

/** Whether a command's outputs are taken, by how it ended. */
export function collects({ succeeds, collect }: Exec, exitCode: number): boolean {
  return collect === 'always' || succeeds.includes(exitCode);
}
