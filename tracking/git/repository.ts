import { join } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import { ObjectReader } from './blobs.ts';
import { type Answer, callGit } from './call.ts';
import { locateRepository } from './locate.ts';
import { looseBranch, looseFile, looseHead } from './loose.ts';
import type { ObjectDatabase } from './objects.ts';
import { refFiles } from './ref-files.ts';
import { configuredRemotes } from './remotes.ts';
import { commitEntries, listCommit, storedEntries } from './trees.ts';
import type { GitOptions, Person, Repository } from './types.ts';
import { dirtyPaths, worktreeLister } from './worktree.ts';

/**
 * Opens the repository that a directory lies in.
 * @throws AtmosError `git-missing`, `not-a-git-repository`
 */
export async function openRepository(dir: string): Promise<Repository> {
  const location = await locateRepository(dir);
  const { root, common: gitDir, hash } = location;
  const reader = new ObjectReader(root);
  const git = (args: readonly string[], options: GitOptions = {}): Promise<Answer> => callGit(args, { cwd: root, ...options });
  const text = async (args: readonly string[], options?: GitOptions): Promise<string> =>
    (await git(args, options)).stdout.toString('utf8').trimEnd();
  const commitOf = async (rev: string): Promise<string | undefined> => {
    const { code, stdout } = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`], {
      answers: [0, 1, 128],
    });
    return code === 0 ? stdout.toString('utf8').trim() : undefined;
  };
  const resolveCommit = async (rev: string): Promise<string> => {
    // A whole id names itself.
    if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(rev)) return rev;
    const commit = await commitOf(rev);
    if (commit === undefined) throw unknownCommit(rev);
    return commit;
  };
  const objects: ObjectDatabase = { dir: join(gitDir, 'objects'), hash };
  const readObject = async (name: string): Promise<Buffer> => {
    const [, commit, file] = /^([0-9a-f]{40,64}):([^/\n]+)$/.exec(name) ?? [];
    const loose = commit === undefined || file === undefined ? undefined : await looseFile(objects, commit, file);
    const content = loose ?? (await reader.read(name));
    if (content !== undefined) return content;
    throw new AtmosError(`the repository has no object ${name}`, { kind: 'environment', code: 'git-failed' });
  };
  const refs = refFiles(location, objects, reader, git);
  const listWorktree = worktreeLister(git, (name) => reader.object(name), root);
  let identity: Promise<Person> | undefined;
  let head: Promise<string | undefined> | undefined;
  return {
    root,
    gitDir,
    objects,
    head: () => {
      head ??= (async () => (await looseHead(location, objects)) ?? (await reader.object('HEAD^{commit}'))?.id)();
      return head;
    },
    async remotes() {
      const known = configuredRemotes(gitDir);
      return known ?? (await text(['remote'])).split('\n').filter((name) => name !== '');
    },
    async branch() {
      const branch =
        looseBranch(location) ?? (await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], { answers: [0, 1] })).stdout.toString();
      return branch.replace(/\n$/, '') || 'HEAD';
    },
    resolveCommit,
    async identity() {
      identity ??= readIdentity(git);
      return identity;
    },
    dirtyPaths: (paths) => dirtyPaths(git, root, paths),
    entries: async (rev, below) =>
      rev === 'worktree' ? listWorktree(below) : commitEntries((name) => reader.object(name), await resolveCommit(rev), below),
    stored: (commit) => storedEntries((name) => reader.object(name), commit),
    files: (commit) => ({
      read: async (path) => (isOutside(path) ? undefined : reader.file(commit, path)),
      list: async (below) => (isOutside(below) ? [] : listCommit((name) => reader.object(name), commit, below)),
    }),
    idOf: async (name) => (name.startsWith('refs/') ? refs.idOf(name) : (await reader.object(name))?.id),
    removeDamaged: (ref) => refs.removeDamaged(ref),
    readObject,
    git,
    text,
    close: () => reader.close(),
  };
}

/** What no commit has: Git would take it for a fault of the repository. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith('../') || path.startsWith('/');
}

async function readIdentity(git: Repository['git']): Promise<Person> {
  const { code, stdout } = await git(['var', 'GIT_AUTHOR_IDENT'], { answers: [0, 1, 128] });
  const [, name = '', email = ''] = /^(.*?) ?<(.*)> \d+ [+-]\d{4}$/.exec(stdout.toString('utf8').trim()) ?? [];
  if (code === 0 && name !== '' && email !== '') return { name, email };
  throw new AtmosError('Git does not know who you are, and every record says who made it', {
    kind: 'environment',
    code: 'no-identity',
    hint: 'set it: git config --global user.name "Your Name" && git config --global user.email you@example.com',
  });
}

function unknownCommit(rev: string): AtmosError {
  return new AtmosError(`there is no commit "${rev}" in this repository`, {
    kind: 'invalid',
    code: 'unknown-commit',
    hint: 'get it: git fetch   (in a shallow clone: git fetch --unshallow)',
  });
}
