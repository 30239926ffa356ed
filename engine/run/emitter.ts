import { StringDecoder } from 'node:string_decoder';
import { type Mask, maskJson } from '../content/mask.ts';
import type { Happening, Listener } from '../graph/events.ts';
import type { Graph } from '../graph/graph.ts';
import type { KeyDescription } from '../graph/key.ts';
import type { NodeId } from '../graph/node.ts';

/** How many characters of a node's output are kept for its error message. */
const TAIL = 16_384;
/** A line that grows beyond this is handed on in pieces. */
const LONGEST_LINE = 65_536;

export interface Emitter {
  emit(node: NodeId, happening: Happening): void;
  /** Takes raw output; hands it on masked, in whole lines, so that a secret is never split between two events. */
  log(node: NodeId, stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** Hands on what is left of a node's last lines. */
  flush(node: NodeId): void;
  tail(node: NodeId): string;
  readonly mask: Mask;
}

export function makeEmitter(graph: Graph, listener: Listener, mask: Mask): Emitter {
  const pending = new Map<string, { decoder: StringDecoder; text: string }>();
  const tails = new Map<NodeId, string>();

  const emit = (id: NodeId, happening: Happening): void => {
    const node = graph.nodes.get(id);
    const shown = mask.reach === 0 ? happening : masked(happening, mask);
    listener({ at: Date.now(), node: id, component: node?.component ?? '', step: node?.step ?? '', ...shown });
  };
  const output = (node: NodeId, stream: 'stdout' | 'stderr', raw: string): void => {
    if (raw === '') return;
    const text = mask(raw);
    hand(node, stream, text);
  };
  const hand = (node: NodeId, stream: 'stdout' | 'stderr', text: string): void => {
    tails.set(node, `${tails.get(node) ?? ''}${text}`.slice(-TAIL));
    emit(node, { type: 'output', stream, text });
  };
  return {
    emit,
    mask,
    log(node, stream, chunk) {
      const name = `${stream} ${node}`;
      const state = pending.get(name) ?? { decoder: new StringDecoder('utf8'), text: '' };
      pending.set(name, state);
      state.text += state.decoder.write(Buffer.from(chunk));
      const end = state.text.lastIndexOf('\n') + 1;
      output(node, stream, state.text.slice(0, end));
      state.text = state.text.slice(end);
      if (state.text.length <= LONGEST_LINE + mask.reach) return;
      // Of what may be the beginning of a secret nothing is handed on.
      const text = mask(state.text);
      const piece = text.length - mask.reach;
      if (piece > 0) hand(node, stream, text.slice(0, piece));
      state.text = text.slice(Math.max(piece, 0));
    },
    flush(node) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const state = pending.get(`${stream} ${node}`);
        if (state === undefined) continue;
        pending.delete(`${stream} ${node}`);
        output(node, stream, state.text + state.decoder.end());
      }
    },
    tail: (node) => tails.get(node) ?? '',
  };
}

/** Output and messages are masked by whoever makes them; what a key is made of may hold a secret that the user put into a value. */
function masked(happening: Happening, mask: Mask): Happening {
  if (happening.type !== 'started' && happening.type !== 'cached') return happening;
  return { ...happening, description: maskJson(happening.description, mask) as KeyDescription };
}
