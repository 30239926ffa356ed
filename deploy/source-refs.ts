import type { RefUpdate } from '../tracking/index.ts';
import type { Workspace } from './workspace.ts';

/** Refs can point only at commits that are here: a shallow clone does not have them all. */
export async function withCommits({ tracking, warn }: Workspace, moves: readonly RefUpdate[]): Promise<readonly RefUpdate[]> {
  const { repository } = await tracking();
  const kept: RefUpdate[] = [];
  const absent = new Set<string>();
  for (const move of moves) {
    if (move.to === undefined || (await repository.idOf(move.to)) !== undefined) kept.push(move);
    else absent.add(move.to.slice(0, 7));
  }
  if (absent.size > 0) {
    warn(`this clone does not have commit ${[...absent].join(', ')}, so refs/atmos/deployments/ can't point at it (git fetch --unshallow)`);
  }
  return kept;
}
