import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import { callGit } from './call.ts';
import { plainConfig } from './plain-config.ts';

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
export function plainRepository(dir: string): GitLocation | undefined {
  if (ELSEWHERE.some((name) => process.env[name] !== undefined)) return undefined;
  const own = join(dir, '.git');
  try {
    const [tree, git] = [statSync(dir), statSync(own)];
    // Another user's repository is Git's to refuse.
    const isOurs = [tree, git].every(({ uid }) => uid === process.geteuid?.());
    const isWhole =
      ['refs', 'objects'].every((name) => statSync(join(own, name)).isDirectory()) && isHead(readFileSync(join(own, 'HEAD'), 'utf8'));
    if (!git.isDirectory() || !isOurs || !isWhole || existsSync(join(own, 'commondir'))) return undefined;
    const hash = hashIn(plainConfig(readFileSync(join(own, 'config'), 'utf8')));
    return hash === undefined ? undefined : { root: dir, common: own, own, hash };
  } catch {
    return undefined;
  }
}

/** Without a HEAD that names something Git takes a directory for no repository, and looks further up. */
function isHead(text: string): boolean {
  return /^(?:ref: refs\/\S|[0-9a-f]{40})/.test(text);
}

/** What ids are made with, by the configuration of a plain repository. `undefined` where it is not plain, or none that we know. */
function hashIn(config: ReadonlyMap<string, string> | undefined): GitLocation['hash'] | undefined {
  if (config === undefined || config.has('core.worktree') || (config.get('core.bare') ?? 'false') !== 'false') return undefined;
  const extensions = [...config.keys()].filter((key) => key.startsWith('extensions.'));
  const version = config.get('core.repositoryformatversion') ?? '0';
  if (extensions.length === 0) return version === '0' || version === '1' ? 'sha1' : undefined;
  const hash = config.get('extensions.objectformat');
  return version === '1' && extensions.length === 1 && (hash === 'sha1' || hash === 'sha256') ? hash : undefined;
}

async function askGit(dir: string): Promise<GitLocation> {
  const ask = async (...questions: readonly string[]): Promise<string> => {
    const found = await callGit(['-C', dir, 'rev-parse', ...questions], { cwd: '/', answers: [0, 128] });
    if (found.code !== 0) throw notARepository(dir, found.stderr);
    return found.stdout.toString('utf8').replace(/\n$/, '');
  };
  const questions = ['--show-toplevel', '--git-common-dir', '--absolute-git-dir', '--show-object-format'];
  const lines = (await ask(...questions)).split('\n');
  // A path may have line feeds in it.
  const answers = lines.length === questions.length ? lines : await Promise.all(questions.map((question) => ask(question)));
  const [root = '', common = '', own = '', format = ''] = answers;
  // Relative to where the question was asked.
  return { root, common: resolve(dir, common), own, hash: format === 'sha256' ? 'sha256' : 'sha1' };
}

function notARepository(dir: string, stderr: string): AtmosError {
  const untrusted = /dubious ownership/.test(stderr);
  const why = untrusted ? 'another user owns the repository, and Git does not trust it' : 'not a Git repository';
  return new AtmosError(`${dir}: ${why}`, {
    kind: 'environment',
    code: 'not-a-git-repository',
    hint: untrusted ? `if you trust it: git config --global --add safe.directory ${dir}` : 'make one: git init',
  });
}
