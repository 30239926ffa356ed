import type { Digest, TargetRef } from '../../engine/index.ts';
import type { PlanSummary } from '../../phases/index.ts';

/** A plan as somebody has seen it, to be applied as it is or not at all. Secrets and sensitive values are not in it. */
export interface SavedPlan extends TargetRef {
  readonly version: 1;
  /** The release that was planned. */
  readonly release: Digest;
  /** Where it came from: another target, or a release that was named; `null` where it was made from the working tree. */
  readonly promoteFrom: string | null;
  readonly named: Digest | null;
  /** Whether components that are up to date were planned, too. */
  readonly all: boolean;
  /** What each component was shown to change. */
  readonly components: Readonly<Record<string, Pick<PlanSummary, 'create' | 'update' | 'delete' | 'changes'>>>;
  /** Components that could not be planned, or that depend on one of them: by address, whose apply they wait for. */
  readonly deferred: Readonly<Record<string, readonly string[]>>;
  /** Components that run and are no longer declared, and whether they are destroyed. */
  readonly orphans: readonly string[];
  readonly pruned: boolean;
}
