import { AtmosError } from '../engine/index.ts';
import type { Workspace } from './workspace/workspace.ts';

/**
 * Brings everything below `refs/atmos/` that only this clone has to the remote: ledgers, releases, and what points at their sources.
 * @throws AtmosError `no-remote`, `ledger-diverged`
 */
export async function publishTracking(workspace: Workspace): Promise<{ readonly remote: string; readonly refs: readonly string[] }> {
  const { refs, remote } = await workspace.tracking();
  if (remote === undefined) {
    throw new AtmosError('no Git remote is configured for records', {
      kind: 'invalid',
      code: 'no-remote',
      hint: 'add one: git remote add origin URL   (to use another remote: deployments.tracking.remote in atmos.yaml)',
    });
  }
  return { remote, refs: await refs.publish() };
}
