import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import type { NodeId } from '../graph/node.ts';
import type { Cancellation } from '../graph/runtime.ts';
import type { NodeResult, Store } from '../store/index.ts';
import type { Emitter } from './emitter.ts';

/** Milliseconds between two looks at whether another process has ended. */
const POLL = 50;

/** Waits while another process of this machine makes the same; then the lease is ours, unless it left a result. */
export async function takeLease(
  key: Digest,
  node: NodeId,
  { store, cancellation }: { readonly store: Store; readonly cancellation: Cancellation },
  emitter: Emitter,
): Promise<{ readonly result?: NodeResult; readonly end?: () => void }> {
  for (let isFirst = true; ; isFirst = false) {
    const lease = await store.lease(key);
    // Who had it before may have made it since we looked.
    const result = await store.result(key);
    if ('end' in lease) {
      if (result === undefined) return { end: lease.end };
      lease.end();
    }
    if (result !== undefined) return { result };
    if ('of' in lease && isFirst) emitter.emit(node, { type: 'waiting', pid: lease.of.pid });
    await new Promise((resolve) => setTimeout(resolve, POLL));
    if (cancellation.interrupt.aborted) throw new AtmosError('canceled before it started', { kind: 'interrupted', code: 'not-started' });
  }
}
