import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterwards, removal, removeTree } from '../../engine/index.ts';
import { type Answer, callGit } from './call.ts';
import { callRemote } from './network.ts';
import { addressesOf } from './push-address.ts';
import type { Repository } from './types.ts';

export interface Histories {
  /** The one that knows the remote, and how one gets in there. */
  readonly repository: Repository;
  readonly remote: string;
  readonly signal: AbortSignal | undefined;
}

/** A repository of ours is where we say. */
const HERE = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_COMMON_DIR: undefined, GIT_INDEX_FILE: undefined };

/**
 * Whether a commit comes before another one of a remote, as the remote has it: its commits are fetched to where nothing is kept, without files where the
 * remote gives out commits alone. For a shallow clone, which does not know, and stays as shallow as it is. The answer to the fetch where that fails.
 */
export async function isBeforeThere(older: string, newer: string, { repository, remote, signal }: Histories): Promise<boolean | Answer> {
  const { gitDir, objects } = repository;
  const { read } = await addressesOf(repository, remote);
  // Within the repository: what is configured for where that lies counts here, too.
  const dir = mkdtempSync(join(gitDir, 'atmos-history-'));
  afterwards(removal(dir));
  try {
    await callGit(['init', '--quiet', '--bare', `--object-format=${objects.hash}`, dir], { cwd: dir, env: HERE });
    const files = ['config', 'config.worktree'].map((name) => join(gitDir, name)).filter((path) => existsSync(path));
    const borrowed = [...files.map((path) => `include.path=${path}`), 'core.bare=true', 'gc.auto=0'].flatMap((setting) => ['-c', setting]);
    const fetch = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--refmap=',
      '--filter=tree:0',
      read[0] ?? remote,
      `+${newer}:refs/newer`,
    ];
    const answer = await callRemote([...borrowed, ...fetch], { cwd: dir, env: HERE, signal });
    if (answer.code !== 0) return answer;
    // What is not there at all does not come before it.
    const asked = ['merge-base', '--is-ancestor', older, 'refs/newer'];
    return (await callGit(asked, { cwd: dir, env: HERE, answers: [0, 1, 128] })).code === 0;
  } finally {
    removeTree(dir);
  }
}
