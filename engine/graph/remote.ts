import type { Digest } from '../content/digest.ts';
import type { NodeResult } from '../store/index.ts';

/**
 * Results that other machines made. It never throws: what can't be had is not there, and what can't be given is not given. All that it gives is
 * whole in the store by then, verified.
 */
export interface RemoteCache {
  /** `fits` says whether a result can be one of this node: one that is not is none. */
  find(key: Digest, fits: (result: NodeResult) => boolean): Promise<NodeResult | undefined>;
  /** Begins to give a result to others, and does not wait for it. */
  offer(key: Digest, result: NodeResult): void;
  /** Waits for what was begun. */
  close(): Promise<void>;
}
