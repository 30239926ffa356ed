import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import { describeKey, type KeyDescription, keyOf } from '../graph/key.ts';
import { type Isolation, notEnforced, refusals, unenforced } from '../graph/needs.ts';
import type { Exec, Node, NodeId } from '../graph/node.ts';
import type { RemoteCache } from '../graph/remote.ts';
import type { Done, Outcome } from '../graph/results.ts';
import type { Cancellation, Effect, ExecResult, ResolvedInput, Runtime } from '../graph/runtime.ts';
import type { NodeResult, Store } from '../store/index.ts';
import { runWithin } from './attempt.ts';
import { CommandFailed, hitText } from './command-failed.ts';
import type { ComputeFunctions } from './compute.ts';
import type { Emitter } from './emitter.ts';
import { takeLease } from './lease.ts';
import { performCompute } from './perform-compute.ts';

/** A result, and whether it was there before. */
interface Found {
  readonly cached: boolean;
  readonly result: NodeResult;
}

/** What executing a node needs of the run it is part of. */
export interface ExecutionContext {
  readonly store: Store;
  /** Made when the first node really runs in a container: a run that finds everything in the cache asks no engine. */
  readonly runtime: () => Promise<Runtime>;
  readonly computes: ComputeFunctions;
  /** Run every node, whatever is cached: but for results that are in here, where those of this run are noted too. `undefined` when all count. */
  readonly fresh: Set<Digest> | undefined;
  /** Values of secrets; a node gets those that it names. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly stateRoot: string;
  /** Where effects keep what the next process needs to find them. */
  readonly runsRoot: string;
  /** Where the files of commands that fail are kept; `undefined` when they are not. */
  readonly keepRoot: string | undefined;
  readonly isolation: Isolation | undefined;
  /** Asked right before a command that changes the world is started. @throws when it must not be */
  readonly beforeEffect?: ((effect: Effect) => Promise<void>) | undefined;
  /** Told when such a command has ended well, and before anybody gets what it made. @throws when that is not enough */
  readonly afterEffect?: ((effect: Effect & Pick<NodeResult, 'outputs'>) => Promise<void>) | undefined;
  readonly cancellation: Cancellation;
  /** What other machines made; `undefined` where none is asked. */
  readonly remote?: RemoteCache | undefined;
  /** Results under way, by key: two nodes with one key execute once. */
  readonly inFlight: Map<Digest, Promise<Found>>;
}

/**
 * Executes one node, or takes what the cache has for its key.
 * @throws AtmosError when it fails.
 */
export async function execute(
  node: Node,
  outcomes: ReadonlyMap<NodeId, Outcome>,
  context: ExecutionContext,
  emitter: Emitter,
): Promise<Done> {
  const inputs = node.inputs.map(({ path, from }) => ({
    path,
    tree: typeof from === 'string' ? from : produced(outcomes, from.node, from.output),
  }));
  const description = describeKey({ action: node.action, inputs, platform: PLATFORM });
  const key = keyOf(description);
  // What talks to the world may bring secrets back, and so may whatever is made of that: none of it outlives this process.
  if (node.cache === 'never' || inputs.some(({ tree }) => context.store.isEphemeral(tree))) {
    emitter.emit(node.id, { type: 'started', key, description, reason: 'never-cached' });
    return { cached: false, ...(await perform(node, inputs, { ...context, store: context.store.ephemeral }, emitter)) };
  }
  const underWay = context.inFlight.get(key);
  if (underWay !== undefined) {
    const { result } = await underWay;
    emitter.emit(node.id, { type: 'cached', key, description });
    return { cached: true, ...result };
  }
  // Noted before anything is awaited: whoever comes next with the same key finds it.
  const found = findOrMake({ key, description }, node, inputs, context, emitter);
  context.inFlight.set(key, found);
  try {
    const { cached, result } = await found;
    return { cached, ...result };
  } finally {
    context.inFlight.delete(key);
  }
}

async function findOrMake(
  { key, description }: { readonly key: Digest; readonly description: KeyDescription },
  node: Node,
  inputs: readonly ResolvedInput[],
  context: ExecutionContext,
  emitter: Emitter,
): Promise<Found> {
  const isFresh = context.fresh?.has(key) === false;
  const fits = (result: NodeResult): boolean => isResultOf(node, result);
  const known = isFresh ? undefined : await context.store.result(key);
  if (known !== undefined && fits(known)) {
    emitter.emit(node.id, { type: 'cached', key, description });
    return { cached: true, result: known };
  }
  // What a pure function makes is made sooner than asked for.
  const remote = node.action.kind === 'exec' ? context.remote : undefined;
  const theirs = isFresh ? undefined : await remote?.find(key, fits);
  if (theirs !== undefined) {
    emitter.emit(node.id, { type: 'cached', key, description, from: 'remote' });
    return { cached: true, result: theirs };
  }
  const lease = isFresh || node.action.kind !== 'exec' ? undefined : await takeLease(key, node.id, context, emitter);
  if (lease?.result !== undefined && fits(lease.result)) {
    emitter.emit(node.id, { type: 'cached', key, description });
    return { cached: true, result: lease.result };
  }
  try {
    emitter.emit(node.id, { type: 'started', key, description, reason: isFresh ? 'no-cache' : 'not-in-cache' });
    const result = await perform(node, inputs, context, emitter);
    await context.store.remember(key, result);
    remote?.offer(key, result);
    context.fresh?.add(key);
    return { cached: false, result };
  } finally {
    lease?.end?.();
  }
}

/** Whether a result can be what a node gave: ended as it may, with the outputs that it declares and no others. */
function isResultOf({ action }: Node, { exitCode, outputs }: NodeResult): boolean {
  const declared = action.kind === 'exec' ? action.outputs.map(({ name }) => name) : action.outputs;
  const isEnded = action.kind === 'exec' ? action.succeeds.includes(exitCode) : exitCode === 0;
  return isEnded && declared.length === Object.keys(outputs).length && declared.every((name) => Object.hasOwn(outputs, name));
}

function produced(outcomes: ReadonlyMap<NodeId, Outcome>, id: NodeId, output: string): Digest {
  const outcome = outcomes.get(id);
  const tree = outcome?.status === 'done' ? outcome.outputs[output] : undefined;
  if (tree === undefined) throw new Error(`${id} has not exported ${output}`);
  return tree;
}

/** Our own platform stands for the engine's until the engine had to be asked: then it is checked. */
const PLATFORM = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

async function perform(node: Node, inputs: readonly ResolvedInput[], context: ExecutionContext, emitter: Emitter): Promise<NodeResult> {
  const { action } = node;
  switch (action.kind) {
    case 'exec':
      return performExec(node.id, action, inputs, context, emitter);
    case 'compute':
      return performCompute(action, inputs, context);
    default:
      return action satisfies never;
  }
}

function ioOf(id: NodeId, exec: Exec, hidden: Exec['env'], context: ExecutionContext, emitter: Emitter) {
  const named = exec.secrets.map(({ name, from }) => [name, secretValue(from, context.secrets)] as const);
  return {
    store: context.store,
    secrets: { ...hidden, ...Object.fromEntries(named) },
    stateRoot: context.stateRoot,
    runsRoot: context.runsRoot,
    keepRoot: context.keepRoot,
    log: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => emitter.log(id, stream, chunk),
  };
}

/** Variables that hold what is masked, an output that is sensitive for one, and all others. A runtime is given the first as secrets. */
function split(env: Exec['env'], { mask }: Emitter): { readonly hidden: Exec['env']; readonly plain: Exec['env'] } {
  const { hidden = [], plain = [] } = Object.groupBy(Object.entries(env), ([, value]) => (mask(value) === value ? 'plain' : 'hidden'));
  return { hidden: Object.fromEntries(hidden), plain: Object.fromEntries(plain) };
}

function secretValue(name: string, secrets: Readonly<Record<string, string>>): string {
  const value = secrets[name];
  if (value === undefined) throw new Error(`the run has no secret ${name}`);
  return value;
}

async function performExec(
  id: NodeId,
  exec: Exec,
  inputs: readonly ResolvedInput[],
  context: ExecutionContext,
  emitter: Emitter,
): Promise<NodeResult> {
  const runtime = await context.runtime();
  if (runtime.platform !== PLATFORM) {
    throw new AtmosError(`${runtime.name} runs ${runtime.platform} containers; this machine is ${PLATFORM}`, {
      kind: 'environment',
      code: 'other-platform',
      hint: 'use an engine of the same architecture',
    });
  }
  const lacking = unenforced(exec, runtime);
  if (lacking.length > 0) {
    const refused = refusals(exec, lacking, context.isolation);
    if (refused.length > 0) throw notEnforced(runtime, refused, exec.secrets);
    emitter.emit(id, { type: 'unenforced', abilities: lacking });
  }
  for (let attempt = 1; attempt <= exec.retries; attempt += 1) {
    try {
      return await runOnce(id, exec, inputs, runtime, context, emitter);
    } catch (cause) {
      const error = cause instanceof CommandFailed ? cause.error : cause;
      // What the machine lacks it will lack again; and whoever interrupts wants no more.
      if (!(error instanceof AtmosError) || error.kind !== 'failed' || context.cancellation.interrupt.aborted) throw cause;
      emitter.emit(id, { type: 'retrying', attempt, message: emitter.mask(error.message) });
    }
  }
  return runOnce(id, exec, inputs, runtime, context, emitter);
}

async function runOnce(
  id: NodeId,
  exec: Exec,
  inputs: readonly ResolvedInput[],
  runtime: Runtime,
  context: ExecutionContext,
  emitter: Emitter,
): Promise<NodeResult> {
  const { hidden, plain } = split(exec.env, emitter);
  const io = ioOf(id, exec, hidden, context, emitter);
  const effect = { id, inputs, mask: emitter.mask };
  if (exec.effect !== undefined) await context.beforeEffect?.(effect);
  const result = await runWithin(runtime, { id, exec: { ...exec, env: plain }, inputs }, io, context.cancellation).finally(() =>
    emitter.flush(id),
  );
  if (exec.succeeds.includes(result.exitCode)) {
    if (exec.effect !== undefined) await settled(effect, result, context, emitter);
    return result;
  }
  if (context.cancellation.interrupt.aborted) {
    throw new AtmosError(`ended after an interrupt with exit code ${result.exitCode}`, { kind: 'interrupted', code: 'interrupted' });
  }
  const killed = hitText(result, exec.limits);
  throw new CommandFailed(
    new AtmosError(`exit code ${result.exitCode}${killed}`, { kind: 'failed', code: 'exit-code' }),
    result,
    emitter.tail(id),
  );
}

/** What it did is done, whatever is wrong now. */
async function settled(effect: Effect, result: ExecResult, { afterEffect }: ExecutionContext, emitter: Emitter): Promise<void> {
  try {
    await afterEffect?.({ ...effect, outputs: result.outputs });
  } catch (error) {
    throw error instanceof AtmosError ? new CommandFailed(error, result, emitter.tail(effect.id)) : error;
  }
}
