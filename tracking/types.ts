import type { Digest, TargetRef } from '../engine/index.ts';
import type { Person } from './git/types.ts';

/** What a record is about. An `intent` precedes what is applied or destroyed. */
export type RecordKind = 'intent' | 'rollout' | 'promotion' | 'rollback' | 'destroy' | 'approval' | 'unlock' | 'state';

/** What may need approval: what is done to a target. */
export const OPERATIONS = ['rollout', 'destroy', 'unlock', 'state'] as const;
export type ApprovedOperation = (typeof OPERATIONS)[number];

/** One entry of a ledger: `record.json` of its commit. The state of a target is a pure function of its records (`fold.ts`). */
export interface LedgerRecord extends TargetRef {
  readonly version: 2;
  /** Random: no two records are the same, whoever makes them, and when. */
  readonly id: string;
  readonly kind: RecordKind;
  readonly release: Digest | null;
  /** The source commit of the release. */
  readonly commit: string | null;
  readonly dirty: boolean;
  readonly promotedFrom: { readonly target: string; readonly release: Digest } | null;
  readonly by: Person;
  /** ISO 8601, UTC, whole seconds. */
  readonly at: string;
  /** `destroyed` only when no component is left; `partial`: what was to be destroyed is gone, and others run. */
  readonly result: 'deployed' | 'failed' | 'destroyed' | 'partial' | null;
  readonly durationMs: number | null;
  /** By address: in an intent what is about to be changed; in an outcome every component of the release, and whatever else was to be changed. */
  readonly components: Readonly<Record<string, ComponentResult>>;
  /** Components that still run and that the release does not declare, sorted. */
  readonly orphans: readonly string[];
  /** Digest of what a promotion takes along: sources, locks, images of all components. `null` where no release is rolled out. */
  readonly artifacts: Digest | null;
  readonly reason: string | null;
  /** Of an approval: what it is of; absent of that of a rollout. */
  readonly operation?: ApprovedOperation;
  /** Where the deployment's root lies in the Git repository, `''` at its top; absent in records that did not say it yet. */
  readonly root?: string;
}

export type ComponentAction =
  /** Of an intent. */
  | 'applying'
  | 'destroying'
  /** Of an outcome. */
  | 'applied'
  | 'built'
  | 'unchanged'
  | 'destroyed'
  | 'failed'
  | 'not-reached'
  /** It was not to be run: it is current, or it was not asked for. */
  | 'up-to-date'
  | 'skipped'
  /** It runs, is not declared, and was left alone. */
  | 'orphaned'
  /** Of a record of kind `state`: what became of a rescued one; a component that the ledger is to know no more. */
  | 'state-pushed'
  | 'state-discarded'
  | 'state-imported'
  | 'forgotten'
  /** Of a dry run. */
  | 'planned'
  | 'destroy-planned';

export interface ComponentResult {
  readonly action: ComponentAction;
  /** What it was, or was to be, applied or destroyed with. */
  readonly release: Digest | null;
  readonly commit: string | null;
  readonly layer: Digest;
  readonly settings: Digest | null;
  readonly changes: { readonly create: number; readonly update: number; readonly delete: number } | null;
  readonly error: string | null;
  /** Whether an apply or destroy was started: then it may exist in part, though it failed. */
  readonly began: boolean;
  /** Digest of the outputs that it has now; `null` when they are not known. */
  readonly outputs: Digest | null;
  /** Digests of the outputs that it was applied with, by component. */
  readonly upstream: Readonly<Record<string, Digest | null>>;
  /** What it depends on, in that release. */
  readonly dependsOn: readonly string[];
  readonly state: StateLocation | null;
}

/** Where a component's Terraform state is. */
export interface StateLocation {
  /** `local`, `s3`, `pg`, … */
  readonly backend: string;
  /** Digest of the backend's configuration. */
  readonly config: Digest;
  readonly workspace: string;
  /** As text for people, the same only for what is one state; absent of a `local` one, and where it was not recorded yet. */
  readonly place?: string;
  /** Only of a `local` backend: which state, how often it was written, and the machine and directory that have it. */
  readonly lineage: string | null;
  readonly serial: number | null;
  /** Of the state's bytes; absent where it was not recorded. */
  readonly digest?: Digest;
  readonly host: string | null;
  readonly dir: string | null;
  /** Where a newer one was rescued to that the backend refused; absent when there is none. */
  readonly rescued?: { readonly host: string; readonly path: string };
}

/** Where a target stands: `state.json` of the newest commit of its ledger. */
export interface TargetState extends TargetRef {
  readonly version: 2;
  /** `partial`: what was asked for succeeded, but not all components run one release. */
  readonly state: 'never' | 'deploying' | 'deployed' | 'partial' | 'failed' | 'destroyed';
  /** Whose ledger this is: the directory of the deployment's root in the Git repository; absent while no record said it. */
  readonly root?: string;
  /** The newest release that ran here as a whole. */
  readonly release: Digest | null;
  readonly commit: string | null;
  readonly by: Person | null;
  readonly at: string | null;
  readonly components: Readonly<Record<string, ComponentState>>;
  /** Of `components`, those that the newest release rolled out does not declare, sorted. */
  readonly orphans: readonly string[];
  /** Where the states of components were that were destroyed: an older copy of one describes what is gone. By address. */
  readonly destroyed: Readonly<Record<string, StateLocation>>;
  /** The intent that has no outcome yet. */
  readonly intent: Intent | null;
  /** How the newest rollout or destroy ended; `complete` when every declared component runs as its release has it. */
  readonly last: { readonly result: NonNullable<LedgerRecord['result']>; readonly complete: boolean } | null;
  /** As `approvalKey` names what was approved. */
  readonly approvals: Readonly<Record<string, readonly Approval[]>>;
  /** What ran here successfully, newest first: what a promotion may take. */
  readonly ran: readonly Ran[];
}

interface Intent {
  /** As the record's. */
  readonly id: string;
  readonly by: Person;
  readonly at: string;
  readonly release: Digest | null;
}

export interface ComponentState extends Standing {
  /** While an intent names it: what it was before; `null` when it was not there. */
  readonly before: Standing | null;
}

interface Standing {
  /** `pending`: an intent names it, and how that ended is not known. `failed`: its last apply or destroy failed, so it may exist in part. */
  readonly status: 'applied' | 'pending' | 'failed';
  /** The release that it was last applied, or attempted, with. */
  readonly release: Digest;
  readonly commit: string;
  readonly by: Person;
  readonly at: string;
  readonly layer: Digest;
  /** Digest of all else that decides what is applied; `null` in states of version 1, which do not say. */
  readonly settings: Digest | null;
  /** Digest of its outputs; `null` when they are not known: then whatever reads them is not current. */
  readonly outputs: Digest | null;
  /** Digests of the outputs that it was applied with, by component. */
  readonly upstream: Readonly<Record<string, Digest | null>>;
  /** What it depends on, in that release. */
  readonly dependsOn: readonly string[];
  readonly state: StateLocation | null;
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

/** What an approval is of: a release; or something else that is done to a target, which `fold` drops as soon as the target changes. */
export function approvalKey(operation: ApprovedOperation, release: Digest | null): string {
  return operation === 'rollout' ? String(release) : operation;
}

export function emptyState({ deployment, target }: TargetRef): TargetState {
  return {
    version: 2,
    deployment,
    target,
    state: 'never',
    release: null,
    commit: null,
    by: null,
    at: null,
    components: {},
    orphans: [],
    destroyed: {},
    intent: null,
    last: null,
    approvals: {},
    ran: [],
  };
}
