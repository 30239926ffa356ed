import type { Digest } from '../content/digest.ts';
import type { KeyDescription } from './key.ts';
import type { NodeId } from './node.ts';
import type { Ability } from './runtime.ts';

/**
 * What happened, in order; the task tree, the JSON log, reports and tests all read this one stream.
 * `at` is milliseconds since the epoch. Secrets are masked before an event is made.
 */
export type RunEvent = { readonly at: number; readonly node: NodeId; readonly component: string; readonly step: string } & Happening;

export type Happening = Queued | Waiting | Started | Unenforced | Output | Retrying | Cached | Finished | Failed | Cancelled;

/** It talks to the world, or reads what does, and is never kept; the user wanted all to run; there was none for its key. */
export type StartReason = 'never-cached' | 'no-cache' | 'not-in-cache';

interface Queued {
  readonly type: 'queued';
}
/** Another process of this machine makes the same: its result is waited for. */
interface Waiting {
  readonly type: 'waiting';
  readonly pid: number;
}
interface Started {
  readonly type: 'started';
  readonly key: Digest;
  /** What the key is the digest of. */
  readonly description: KeyDescription;
  /** Why no result that was there counted. */
  readonly reason: StartReason;
}
/** What its runtime does not enforce here of what it needs: it runs all the same, since `isolation: best` says so. */
interface Unenforced {
  readonly type: 'unenforced';
  readonly abilities: readonly Ability[];
}
/** Some text that a node's command wrote: whole lines where it ends them. */
interface Output {
  readonly type: 'output';
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
/** It failed, and is run again since it declares that. */
interface Retrying {
  readonly type: 'retrying';
  /** Which attempt failed, from 1 on. */
  readonly attempt: number;
  readonly message: string;
}
interface Cached {
  readonly type: 'cached';
  readonly key: Digest;
  /** What the key is the digest of. */
  readonly description: KeyDescription;
  /** Another machine made it. */
  readonly from?: 'remote';
}
interface Finished {
  readonly type: 'finished';
  readonly ms: number;
  readonly exitCode: number;
}
interface Failed {
  readonly type: 'failed';
  readonly ms: number;
  readonly message: string;
  /** The command that opens a shell in what it left, where that was to be kept. */
  readonly enter?: string;
}
/** It never ran: something before it failed, or the run was interrupted. */
interface Cancelled {
  readonly type: 'cancelled';
  readonly because: string;
}

export type Listener = (event: RunEvent) => void;
