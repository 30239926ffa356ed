import { AtmosError, type Digest, type Graph, type Json, type Mask, maskJson, type RunEvent, type TargetRef } from '../../engine/index.ts';
import type { PlanSummary, TestCounts } from '../../phases/index.ts';
import type { LedgerRecord } from '../../tracking/index.ts';

/** Changes whenever an event changes its form. */
export const EVENT_VERSION = 2;

/** What a graph is run for. */
export type GraphPhase = 'build' | 'test' | 'plan' | 'release' | 'rollout' | 'destroy' | 'verify' | 'outputs' | 'state';

/** What a command does beside running nodes. */
export type CommandHappening =
  | {
      readonly type: 'command-started';
      readonly version: typeof EVENT_VERSION;
      /** What the user wrote. */
      readonly command: readonly string[];
      readonly deployment: string | null;
      readonly target: string | null;
    }
  | { readonly type: 'command-finished'; readonly exitCode: number; readonly ms: number }
  /** What is about to be changed. */
  | { readonly type: 'target'; readonly deployment: string; readonly target: string }
  /** What is about to run, and what each node waits for. */
  | { readonly type: 'graph'; readonly phase: GraphPhase; readonly nodes: readonly GraphNode[] }
  /** Where containers run, once the first is about to. */
  | { readonly type: 'runtime'; readonly name: string }
  /** What a component's plan would change. */
  | { readonly type: 'plan'; readonly component: string; readonly plan: PlanSummary }
  /** What a node's tests counted. */
  | { readonly type: 'tests'; readonly node: string; readonly tests: TestCounts }
  /** Somebody else deploys the same target: their lock is waited for. */
  | { readonly type: 'lock-waiting'; readonly deployment: string; readonly target: string; readonly message: string }
  | { readonly type: 'record'; readonly record: RecordEvent }
  /** What ran was asked to stop, or is ended by force. */
  | { readonly type: 'interrupted'; readonly forced: boolean }
  | ({ readonly type: 'warning' } & Notice)
  | ({ readonly type: 'error'; readonly kind: AtmosError['kind'] } & Notice);

export interface GraphNode {
  readonly node: string;
  readonly component: string;
  readonly step: string;
  readonly needs: readonly string[];
}

/** What was recorded in a ledger. */
export interface RecordEvent extends TargetRef {
  readonly id: string;
  readonly kind: LedgerRecord['kind'];
  readonly release: Digest | null;
  readonly result: LedgerRecord['result'];
}

/** What the user should know, with its place where it has one. */
export interface Notice {
  readonly code: string | null;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly hint: string | null;
}

/**
 * What happened while a command ran, in order: the one stream that everything people see is made of. `seq` counts from 0, `at` is milliseconds since the
 * epoch. Secrets are masked.
 */
export type CommandEvent = { readonly seq: number } & (RunEvent | ({ readonly at: number } & CommandHappening));

/** An error or a warning of which more is known than its event tells: the lines of a file that it is about. */
export type Subscriber = (event: CommandEvent, source?: AtmosError) => void;

/** The stream of one command. */
export interface Events {
  emit(happening: CommandHappening | RunEvent, source?: AtmosError): void;
  /** Whoever subscribes later is not told what was before. */
  subscribe(subscriber: Subscriber): void;
  /** What is secret, from now on: texts of events pass it. Events of nodes are masked by the engine. */
  maskWith(mask: Mask): void;
}

export function eventStream(): Events {
  const subscribers: Subscriber[] = [];
  let mask: Mask | undefined;
  let seq = 0;
  return {
    emit(happening, source) {
      const event = 'node' in happening && 'at' in happening ? happening : { at: Date.now(), ...own(happening, mask) };
      const numbered = { seq, ...event } as CommandEvent;
      seq += 1;
      for (const subscriber of subscribers) subscriber(numbered, source);
    },
    subscribe: (subscriber) => void subscribers.push(subscriber),
    maskWith(known) {
      mask = known;
    },
  };
}

function own<T>(happening: T, mask: Mask | undefined): T {
  return mask === undefined || mask.reach === 0 ? happening : (maskJson(happening as Json, mask) as T);
}

/** A text, or an error that is none, as a warning. */
export function warn(events: Events, what: string | AtmosError): void {
  if (typeof what === 'string') events.emit({ type: 'warning', ...noticeOf(what) });
  else events.emit({ type: 'warning', ...noticeOf(what) }, what);
}

export function noticeOf(what: string | AtmosError): Notice {
  if (!(what instanceof AtmosError)) return { code: null, message: what, file: null, line: null, column: null, hint: null };
  const { code, message, position, hint } = what;
  const { file = null, line = null, column = null } = position ?? {};
  return { code, message, file, line, column, hint: hint ?? null };
}

/** What was just recorded. */
export function recorded({ id, kind, deployment, target, release, result }: LedgerRecord): CommandHappening {
  return { type: 'record', record: { id, kind, deployment, target, release, result } };
}

/** The nodes of a graph with what each waits for. */
export function graphNodes({ nodes }: Graph): readonly GraphNode[] {
  return [...nodes.values()].map(({ id, component, step, inputs, after }) => {
    const read = inputs.flatMap(({ from }) => (typeof from === 'string' ? [] : [from.node]));
    return { node: id, component, step, needs: [...new Set([...read, ...after])].sort() };
  });
}
