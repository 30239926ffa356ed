import type { TargetRef } from '../engine/index.ts';
import type { LedgerRecord } from '../tracking/index.ts';
import { requireTarget } from './target/status.ts';
import { targetOf } from './workspace/revision.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface History extends TargetRef {
  /** Newest first. */
  readonly records: readonly LedgerRecord[];
  /** Whether the newest is an intent of a command that is at work. */
  readonly isUnderWay: boolean;
}

/** What was recorded of a target. @throws AtmosError `no-target`, `unknown-target` */
export async function historyOf(workspace: Workspace, deployment: string, asked: string | undefined, limit: number): Promise<History> {
  const { ledger, locks } = await workspace.tracking();
  const target = await targetOf(workspace, deployment, asked);
  await requireTarget(workspace, { deployment, target });
  const records = await ledger.history({ deployment, target }, limit);
  const isUnderWay = records[0]?.kind === 'intent' && (await locks.holder({ deployment, target })) !== undefined;
  return { deployment, target, records, isUnderWay };
}
