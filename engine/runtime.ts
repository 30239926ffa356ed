import type { Digest } from './digest.ts';
import type { Exec, Load } from './node.ts';
import type { Store } from './store/index.ts';

/** Where nodes run. Docker and Podman implement it, later Dagger. */
export interface Runtime {
  /** The platform its containers have: `linux/amd64`. */
  platform(): Promise<string>;
  /**
   * Runs one command to its end. A command that ends with any exit code is a result, not an error.
   * @throws AtmosError `environment` when the engine or the image is missing, `failed` when an output can't be collected.
   */
  run(exec: ResolvedExec, io: NodeIo, cancellation: Cancellation): Promise<ExecResult>;
  /** Gives an assembled image to the engine. */
  load(action: Load, image: Digest, io: NodeIo): Promise<void>;
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
  log(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

export interface ExecResult {
  readonly exitCode: number;
  /** Trees by output name. Empty when the exit code is not one that counts as success. */
  readonly outputs: Readonly<Record<string, Digest>>;
}

/** The first Ctrl-C asks the tools to end by themselves, the second one ends them. */
export interface Cancellation {
  readonly interrupt: AbortSignal;
  readonly force: AbortSignal;
}
