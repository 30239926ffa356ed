import { AtmosError } from '../../engine/index.ts';
import type { RefUpdate } from '../../tracking/index.ts';
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

/** Gets a commit from the remote where a release was made from one that this clone does not have. @throws AtmosError `no-such-commit`, `remote-unreachable` */
export async function needCommit({ tracking }: Workspace, commit: string): Promise<void> {
  const { repository, refs } = await tracking();
  if ((await repository.idOf(`${commit}^{commit}`)) !== undefined || (await refs.fetchCommit(commit))) return;
  throw new AtmosError(`commit ${commit} is not in this clone, and its remote does not have it`, {
    kind: 'environment',
    code: 'no-such-commit',
    hint: 'a release was made from it: git push from the clone that has it, or git fetch from where it is',
  });
}
