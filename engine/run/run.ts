import { now } from '../base/clock.ts';
import { diskError } from '../base/disk-error.ts';
import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import { type GrowingMask, growingMask } from '../content/mask.ts';
import type { Listener } from '../graph/events.ts';
import type { Graph } from '../graph/graph.ts';
import type { NodeId } from '../graph/node.ts';
import type { Outcome, Results } from '../graph/results.ts';
import { Scheduler } from '../graph/scheduler.ts';
import { CommandFailed } from './command-failed.ts';
import { type Emitter, makeEmitter } from './emitter.ts';
import { type ExecutionContext, execute } from './execute.ts';

export interface RunOptions extends Omit<ExecutionContext, 'inFlight'> {
  /** How many nodes run at once. */
  readonly parallelism: number;
  /** How many nodes of a step run at once, by step; `undefined` where none is limited. */
  readonly pools?: ReadonlyMap<string, number> | undefined;
  /** How long nodes took before, in milliseconds: what takes longest begins first. */
  readonly durations: ReadonlyMap<NodeId, number>;
  /** After a failure, go on with what does not depend on it. */
  readonly keepGoing: boolean;
  /** Masks what is secret, and learns of these secrets and of what is found to be one; where it is kept, others are masked by it, too. */
  readonly mask?: GrowingMask | undefined;
  /** Finds in what a step of a node produces what is secret: it is masked from then on, before anything gets it. */
  readonly findSecrets?: ((step: string, outputs: Readonly<Record<string, Digest>>) => Promise<readonly string[]>) | undefined;
  readonly listener: Listener;
}

/**
 * Runs a graph: a node starts the moment what it waits for is there. Never throws for a node's failure: outcomes are values.
 * After `cancellation.interrupt` nothing starts any more, and what runs is asked to end.
 */
export async function run(graph: Graph, options: RunOptions): Promise<Results> {
  const scheduler = new Scheduler(graph, options);
  const mask = options.mask ?? growingMask([]);
  mask.add(Object.values(options.secrets));
  const emitter = makeEmitter(graph, options.listener, mask);
  const outcomes = new Map<NodeId, Outcome>();
  const context: ExecutionContext = { ...options, inFlight: new Map() };
  for (const id of graph.nodes.keys()) emitter.emit(id, { type: 'queued' });

  await new Promise<void>((resolve, reject) => {
    const cancel = (ids: readonly NodeId[], because: string): void => {
      for (const id of ids) {
        outcomes.set(id, { status: 'cancelled', because });
        emitter.emit(id, { type: 'cancelled', because });
      }
    };
    const step = (): void => {
      for (const id of scheduler.take()) start(id).catch(reject);
      if (scheduler.done) resolve();
    };
    const start = async (id: NodeId): Promise<void> => {
      const outcome = await runNode(id, graph, outcomes, context, emitter);
      outcomes.set(id, outcome);
      if (options.findSecrets !== undefined && outcome.status !== 'cancelled')
        mask.add(await options.findSecrets(graph.nodes.get(id)?.step ?? '', outcome.outputs));
      if (outcome.status === 'done') scheduler.succeeded(id);
      else cancel(scheduler.failed(id), `${id} failed`);
      step();
    };
    const interrupt = (): void => {
      cancel(scheduler.stop(), 'the run was interrupted');
      step();
    };
    if (options.cancellation.interrupt.aborted) interrupt();
    else options.cancellation.interrupt.addEventListener('abort', interrupt, { once: true });
    step();
  });
  return { outcomes, mask };
}

async function runNode(
  id: NodeId,
  graph: Graph,
  outcomes: ReadonlyMap<NodeId, Outcome>,
  context: ExecutionContext,
  emitter: Emitter,
): Promise<Outcome> {
  const node = graph.nodes.get(id);
  if (node === undefined) throw new Error(`no node ${id}`);
  const began = now();
  const elapsed = (): number => Math.round(now() - began);
  try {
    const done = await execute(node, outcomes, context, emitter);
    if (!done.cached) emitter.emit(id, { type: 'finished', ms: elapsed(), exitCode: done.exitCode });
    return { status: 'done', ...done, ms: elapsed() };
  } catch (cause) {
    const { error, outputs, enter, tail = emitter.tail(id) } = failureOf(cause);
    const message = emitter.mask(error.message);
    emitter.emit(id, { type: 'failed', ms: elapsed(), message, ...(enter === undefined ? {} : { enter }) });
    return { status: 'failed', error, message, outputs, tail, ms: elapsed() };
  }
}

function failureOf(cause: unknown): Pick<CommandFailed, 'error' | 'outputs'> & Partial<Pick<CommandFailed, 'enter' | 'tail'>> {
  if (cause instanceof CommandFailed) return cause;
  if (cause instanceof AtmosError) return { error: cause, outputs: {} };
  const ofDisk = diskError(cause);
  if (ofDisk !== undefined) return { error: ofDisk, outputs: {} };
  const message = cause instanceof Error ? cause.message : String(cause);
  return { error: new AtmosError(message, { kind: 'failed', code: 'node-failed', cause }), outputs: {} };
}
