import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import { callGit } from './call.ts';

/** Where a repository lies. All paths are absolute. */
export interface GitLocation {
  /** The working tree. */
  readonly root: string;
  /** The directory that all its working trees share. */
  readonly common: string;
  /** This working tree's own. */
  readonly own: string;
  readonly hash: 'sha1' | 'sha256';
}

/** What makes Git look elsewhere than where it is. */
const ELSEWHERE = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_CEILING_DIRECTORIES'];

/**
 * Finds the repository that a directory lies in.
 * @throws AtmosError `git-missing`, `not-a-git-repository`
 */
export async function locateRepository(dir: string): Promise<GitLocation> {
  return plainRepository(dir) ?? askGit(dir);
}

/**
 * The plain case, which needs no start of Git: the directory is the working tree's root, holds a `.git` directory of this user's, and nothing in
 * environment or configuration puts the one or the other elsewhere. `undefined` for every other case.
 */
function plainRepository(dir: string): GitLocation | undefined {
  if (ELSEWHERE.some((name) => process.env[name] !== undefined)) return undefined;
  const own = join(dir, '.git');
  try {
    const [tree, git] = [statSync(dir), statSync(own)];
    const config = readFileSync(join(own, 'config'), 'utf8');
    statSync(join(own, 'HEAD'));
    // Another user's repository is Git's to refuse.
    const isOurs = [tree, git].every(({ uid }) => uid === process.geteuid?.());
    if (!git.isDirectory() || !isOurs || /worktree|bare\s*=\s*true|include/i.test(config)) return undefined;
    return { root: dir, common: own, own, hash: /objectformat\s*=\s*sha256/i.test(config) ? 'sha256' : 'sha1' };
  } catch {
    return undefined;
  }
}

async function askGit(dir: string): Promise<GitLocation> {
  const question = ['rev-parse', '--show-toplevel', '--git-common-dir', '--absolute-git-dir', '--show-object-format'];
  const found = await callGit(['-C', dir, ...question], { cwd: '/', answers: [0, 128] });
  if (found.code !== 0) throw notARepository(dir, found.stderr);
  const [root = '', common = '', own = '', format = ''] = found.stdout.toString('utf8').trimEnd().split('\n');
  // Relative to where the question was asked.
  return { root, common: resolve(dir, common), own, hash: format === 'sha256' ? 'sha256' : 'sha1' };
}

function notARepository(dir: string, stderr: string): AtmosError {
  const untrusted = /dubious ownership/.test(stderr);
  const why = untrusted
    ? 'another user owns the repository, and Git does not trust it'
    : 'there is no Git repository, where deployments are recorded';
  return new AtmosError(`${dir}: ${why}`, {
    kind: 'environment',
    code: 'not-a-git-repository',
    hint: untrusted ? `if you trust it: git config --global --add safe.directory ${dir}` : 'make one: git init',
  });
}
