import type { Digest } from '../content/digest.ts';
import type { Mask } from '../content/mask.ts';
import type { Store } from '../store/index.ts';
import type { Exec, NodeId } from './node.ts';

/**
 * What a runtime may enforce on this machine, beside what every runtime must (inputs read-only, nothing undeclared within reach, no network). With `no-root`
 * a node's user is not root outside either. With
 * `own-network` a node with `network: bridge` has a network of its own; else it shares the machine's. With `no-link-local` it does not reach addresses of
 * the link alone, where clouds give out a machine's credentials; with `no-own-address`, none of the machine's own that it does not name.
 */
export const ABILITIES = [
  'memory-limit',
  'cpu-limit',
  'pids-limit',
  'seccomp',
  'no-root',
  'own-network',
  'no-link-local',
  'no-own-address',
] as const;
export type Ability = (typeof ABILITIES)[number];

/** Where nodes run. Bubblewrap and Docker implement it. */
export interface Runtime {
  /** For people: `bubblewrap 0.8.0`, `docker 28.2.2`. */
  readonly name: string;
  readonly abilities: ReadonlySet<Ability>;
  /** The command that gives it abilities that it lacks here; `undefined` where none is known. */
  readonly remedy?: string | undefined;
  /** The platform its containers have: `linux/amd64`. */
  readonly platform: string;
  /**
   * Runs one command to its end. A command that ends with any exit code is a result, not an error.
   * @throws AtmosError `environment` when the engine or the image is missing, `failed` when an output can't be collected.
   */
  run(exec: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult>;
  /** Waits for what is under way and removes all that it made. */
  close(): Promise<void>;
}

/** An exec node whose inputs are trees in the store. */
export interface ResolvedExec {
  readonly id: string;
  readonly exec: Exec;
  readonly inputs: readonly ResolvedInput[];
}
export interface ResolvedInput {
  readonly path: string;
  readonly tree: Digest;
}

export interface NodeIo {
  readonly store: Store;
  /** Values of the node's secrets, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Host directory below which state mounts lie. */
  readonly stateRoot: string;
  /** Host directory below which effects have their run directories. */
  readonly runsRoot: string;
  /** Host directory below which the files of a command that failed are kept; `undefined` when they are not. */
  readonly keepRoot: string | undefined;
  log(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

export interface ExecResult {
  readonly exitCode: number;
  /** Trees by output name. Empty when the exit code is not one that counts as success, unless the node collects always. */
  readonly outputs: Readonly<Record<string, Digest>>;
  /** The limit that the command ran into, where the runtime can tell. */
  readonly hit?: 'memory' | 'pids' | undefined;
  /** The command that opens a shell in what a failed command left, where that was to be kept. */
  readonly enter?: string;
}

/** The first Ctrl-C asks the tools to end by themselves, the second one ends them. */
export interface Cancellation {
  readonly interrupt: AbortSignal;
  readonly force: AbortSignal;
}

/** A command that is about to change the world: its node, what it is given, and what hides the run's secrets. */
export interface Effect {
  readonly id: NodeId;
  readonly inputs: readonly ResolvedInput[];
  readonly mask: Mask;
}
