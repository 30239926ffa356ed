import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import type { NodeId } from '../graph/node.ts';
import type { Cancellation } from '../graph/runtime.ts';
import type { NodeResult, Store } from '../store/index.ts';
import type { Emitter } from './emitter.ts';

/** Milliseconds between two looks at whether another process has ended. */
const POLL = 50;

/** Waits while another process of this machine makes the same; then it is our turn, unless it left a result. */
export async function takeTurn(
  key: Digest,
  node: NodeId,
  { store, cancellation }: { readonly store: Store; readonly cancellation: Cancellation },
  emitter: Emitter,
): Promise<{ readonly result?: NodeResult; readonly end?: () => void }> {
  for (let isFirst = true; ; isFirst = false) {
    const turn = await store.turn(key);
    // Who had it before may have made it since we looked.
    const result = await store.result(key);
    if ('end' in turn) {
      if (result === undefined) return { end: turn.end };
      turn.end();
    }
    if (result !== undefined) return { result };
    if ('of' in turn && isFirst) emitter.emit(node, { type: 'waiting', pid: turn.of.pid });
    await new Promise((resolve) => setTimeout(resolve, POLL));
    if (cancellation.interrupt.aborted) throw new AtmosError('canceled before it started', { kind: 'interrupted', code: 'not-started' });
  }
}
