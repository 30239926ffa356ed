import type { Appended, Ledger } from '../../tracking/index.ts';
import { recorded } from './events.ts';
import type { Workspace } from './workspace.ts';

/** Appends a record to a target's ledger, and tells so. @throws AtmosError what `Ledger.append` throws */
export async function append(
  workspace: Workspace,
  ...[deployment, target, build, options]: Parameters<Ledger['append']>
): Promise<Appended> {
  const { ledger } = await workspace.tracking();
  const appended = await ledger.append(deployment, target, build, options);
  workspace.events.emit(recorded(appended.record));
  return appended;
}
