import type { Digest } from '../engine/index.ts';
import type { Person } from './git/repository.ts';

/** What a record is about. An `intent` precedes what is applied. */
export type RecordKind = 'intent' | 'rollout' | 'promotion' | 'rollback' | 'destroy' | 'approval' | 'unlock';

/** One entry of a ledger: `record.json` of its commit. */
export interface LedgerRecord {
  readonly version: 1;
  readonly kind: RecordKind;
  readonly deployment: string;
  readonly target: string;
  readonly release: Digest | null;
  /** The source commit of the release. */
  readonly commit: string | null;
  readonly dirty: boolean;
  readonly promotedFrom: { readonly target: string; readonly release: Digest } | null;
  readonly by: Person;
  /** ISO 8601, UTC, whole seconds. */
  readonly at: string;
  readonly result: 'deployed' | 'failed' | 'destroyed' | null;
  readonly durationMs: number | null;
  /** By address. */
  readonly components: Readonly<Record<string, ComponentResult>>;
  readonly reason: string | null;
}

export interface ComponentResult {
  readonly action: 'applied' | 'built' | 'skipped' | 'unchanged' | 'up-to-date' | 'failed' | 'not-reached' | 'destroyed' | 'planned';
  readonly layer: Digest;
  readonly changes: { readonly create: number; readonly update: number; readonly delete: number } | null;
  readonly error: string | null;
}

/** Where a target stands: `state.json` of the newest commit of its ledger. */
export interface TargetState {
  readonly version: 1;
  readonly deployment: string;
  readonly target: string;
  /** `partial`: what was asked for succeeded, but not all components run one release. */
  readonly state: 'never' | 'deploying' | 'deployed' | 'partial' | 'failed' | 'destroyed';
  readonly release: Digest | null;
  readonly commit: string | null;
  readonly by: Person | null;
  readonly at: string | null;
  readonly components: Readonly<Record<string, ComponentState>>;
  /** Components that an intent without outcome may have touched. */
  readonly open: readonly string[];
  /** By release. */
  readonly approvals: Readonly<Record<string, readonly Approval[]>>;
  /** What ran here successfully, newest first: what a promotion may take. */
  readonly ran: readonly Ran[];
}

export interface ComponentState {
  readonly release: Digest;
  readonly commit: string;
  readonly layer: Digest;
  readonly by: Person;
  readonly at: string;
  /** Digest of its outputs; `null` when they are secret or there are none. */
  readonly outputs: Digest | null;
  /** Digests of the outputs that it was applied with, by component. */
  readonly upstream: Readonly<Record<string, Digest | null>>;
}

export interface Approval {
  readonly by: Person;
  readonly at: string;
}

export interface Ran {
  readonly release: Digest;
  readonly commit: string;
  /** Digest of what a promotion takes along: sources, locks, images of all components. */
  readonly artifacts: Digest;
}

/** How many of `ran` are kept. */
export const RAN_KEPT = 200;

export function emptyState(deployment: string, target: string): TargetState {
  return {
    version: 1,
    deployment,
    target,
    state: 'never',
    release: null,
    commit: null,
    by: null,
    at: null,
    components: {},
    open: [],
    approvals: {},
    ran: [],
  };
}
