import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../../engine/index.ts';
import { type Answer, callGit } from './call.ts';
import { callRemote } from './network.ts';

export interface Histories {
  /** The `.git` directory that knows the remote, and how one gets in there. */
  readonly gitDir: string;
  readonly remote: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether a commit comes before another one of a remote, as the remote has it: its commits are fetched to where nothing is kept, without files where the
 * remote gives out commits alone. For a shallow clone, which does not know, and stays as shallow as it is. The answer to the fetch where that fails.
 */
export async function isBeforeThere(older: string, newer: string, { gitDir, remote, signal }: Histories): Promise<boolean | Answer> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-history-'));
  try {
    await callGit(['init', '--quiet', '--bare', dir], { cwd: dir });
    const borrowed = ['-c', `include.path=${join(gitDir, 'config')}`, '-c', 'core.bare=true', '-c', 'gc.auto=0'];
    const fetch = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--refmap=',
      '--filter=tree:0',
      remote,
      `+${newer}:refs/newer`,
    ];
    const answer = await callRemote([...borrowed, ...fetch], { cwd: dir, signal });
    if (answer.code !== 0) return answer;
    // What is not there at all does not come before it.
    const { code } = await callGit(['merge-base', '--is-ancestor', older, 'refs/newer'], { cwd: dir, answers: [0, 1, 128] });
    return code === 0;
  } finally {
    removeTree(dir);
  }
}
