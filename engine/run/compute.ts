import type { Digest } from '../content/digest.ts';
import type { Json } from '../content/json.ts';
import type { Tree } from '../content/tree.ts';
import type { ReadContent } from '../store/tar.ts';

/** What a compute node sees: its arguments and its input trees, by the name of the input. */
export interface ComputeIo {
  input(name: string): Tree;
  /** @throws AtmosError `damaged-object` when the content is gone. */
  read(digest: Digest): Promise<Uint8Array>;
  /** The same for a file of any size, which may be large: bit by bit then. */
  readonly open: ReadContent;
  put(content: Uint8Array | string): Promise<{ readonly digest: Digest; readonly size: number }>;
}

/** A pure function from arguments and trees to trees, one for each output that its node names. */
export type ComputeFunction = (args: Json, io: ComputeIo) => Promise<Readonly<Record<string, Tree>>>;

/** The compute functions that a run knows, by the name that nodes call them. */
export type ComputeFunctions = Readonly<Record<string, ComputeFunction>>;
