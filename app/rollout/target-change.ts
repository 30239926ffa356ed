import type { Scope } from '../../config/index.ts';
import type { AtmosError, Digest, TargetRef } from '../../engine/index.ts';
import type { PlanSummary, ToolWarning } from '../../phases/index.ts';
import type { LedgerRecord, RefIds, TargetState, Work } from '../../tracking/index.ts';
import type { Initialized } from '../release/instances.ts';
import type { SavedPlan } from '../release/plan-file.ts';
import type { ChangeSubject } from '../target/record.ts';

/** Something that changes a target. */
export interface Change extends Omit<ChangeSubject, 'work' | 'subjects'> {
  /** What the refs pointed at when this began, and the target's state by them. */
  readonly ids: RefIds | undefined;
  readonly state: TargetState;
  readonly initialized: Initialized;
  /** What is declared now. */
  readonly declared: ReadonlySet<string>;
  /** For messages, where the release was made just now. */
  readonly scope: Scope | undefined;
  /** Refuses by throwing. Asked with the state that the intent goes on top of. */
  check(state: TargetState): void;
  /** What is to be done. */
  work(state: TargetState): Work;
  /** Whether that was done meanwhile by somebody else. */
  isDone(state: TargetState): boolean;
  /** The plan that alone may be applied. */
  readonly saved?: SavedPlan | undefined;
  /** The answer then. */
  answerWhenDone(state: TargetState, ran: boolean): Changed;
}

export interface Changed extends TargetRef {
  readonly release: Digest;
  /** What became of each component. */
  readonly components: LedgerRecord['components'];
  /** Components that still run and that the release does not declare. */
  readonly orphans: readonly string[];
  /** The record that was appended; `undefined` when there was nothing to do, and so nothing to record. */
  readonly record: LedgerRecord | undefined;
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** What Terraform warned of, by address. */
  readonly warnings: Readonly<Record<string, readonly ToolWarning[]>>;
  /** What failed, when something did. */
  readonly failure: AtmosError | undefined;
  /** Whether a container was run. */
  readonly ran: boolean;
}
