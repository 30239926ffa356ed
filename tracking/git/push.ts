import type { Answer } from './call.ts';
import { isPassing } from './network.ts';
import { ANY, type RefUpdate } from './ref-text.ts';

const OPTIONS = ['--porcelain', '--progress', '--atomic', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];

/** What moves refs of a remote together or not at all, each from where it is expected. */
export function pushArguments(remote: string, updates: readonly RefUpdate[]): readonly string[] {
  const leases = updates.flatMap(({ ref, from }) => (from === ANY ? [] : [`--force-with-lease=${ref}:${from ?? ''}`]));
  const refspecs = updates.map(({ ref, from, to }) => `${from === ANY ? '+' : ''}${to ?? ''}:${ref}`);
  return ['push', ...OPTIONS, ...leases, remote, ...refspecs];
}

/** What Git, its servers and the large hosts say when a ref was not as expected, or is being written. */
const CONFLICT =
  /stale info|fetch first|non-fast-forward|failed to update ref|failed to lock|cannot lock ref|already exists|incorrect old value|transaction|does not exist/;

/** What a push came to: `conflict` when a ref was not as expected, `cut` when its answer may be lost, `refused` when it will never be taken. */
export interface PushEnd {
  readonly end: 'done' | 'conflict' | 'cut' | 'refused';
  /** The lines that say what was refused. */
  readonly refused: readonly string[];
}

export function pushEnd(answer: Answer): PushEnd {
  if (answer.code === 0) return { end: 'done', refused: [] };
  const lines = answer.stdout.toString('utf8').split('\n');
  const refused = lines.filter((line) => line.startsWith('!') && !line.includes('(atomic push failed)'));
  if (refused.some((line) => CONFLICT.test(line)) || /remote ref does not exist/.test(answer.stderr)) return { end: 'conflict', refused };
  const isCut = isPassing(answer) || refused.some((line) => /\[remote failure\]|remote end|internal error/i.test(line));
  return { end: isCut ? 'cut' : 'refused', refused };
}
