import { join } from 'node:path';
import { AtmosError, type FileMode } from '../../engine/index.ts';
import { ObjectReader } from './blobs.ts';
import { type Answer, type CallOptions, callGit } from './call.ts';
import { locateRepository } from './locate.ts';
import { looseBranch, looseFile, looseHead } from './loose.ts';
import type { ObjectDatabase } from './objects.ts';
import { refFiles } from './ref-files.ts';
import { configuredRemotes } from './remotes.ts';
import { commitEntries, listCommit, storedEntries } from './trees.ts';
import { dirtyPaths, worktreeLister } from './worktree.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** A file of the repository, read when asked. */
export interface SourceEntry {
  /** Relative to the directory that was asked for. */
  readonly path: string;
  readonly mode: FileMode;
  /** Where it is in the repository, relative to its root, where a link led to it. */
  readonly real?: string;
  /** Of a link that leads out of what the repository has, and stays one: its own path there. */
  readonly outside?: string;
  read(): Promise<Uint8Array>;
}

/** The files of a commit; paths are relative to the root, with `/`. */
export interface CommitFiles {
  /** `undefined` when there is no such file. @throws AtmosError `link-outside`, `link-loop` */
  read(path: string): Promise<Uint8Array | undefined>;
  /** All files below a directory, recursively, sorted; none when there is no such directory. */
  list(dir: string): Promise<readonly string[]>;
}

export type GitOptions = Omit<CallOptions, 'cwd'>;

/** One Git repository with a working tree. */
export interface Repository {
  /** Absolute path of the working tree. */
  readonly root: string;
  /** Absolute path of the directory that all its working trees share. */
  readonly gitDir: string;
  readonly objects: ObjectDatabase;
  /** The commit that is checked out, asked once: one command is about one commit. `undefined` before the first one. */
  head(): Promise<string | undefined>;
  /** The names of its remotes. */
  remotes(): Promise<readonly string[]>;
  /** The branch that is checked out; `HEAD` when none is. */
  branch(): Promise<string>;
  /** @throws AtmosError `unknown-commit` */
  resolveCommit(rev: string): Promise<string>;
  /** Who is at work, as Git itself would write it into a commit. @throws AtmosError `no-identity` */
  identity(): Promise<Person>;
  /** What differs from HEAD below some paths (relative to the root): modified, staged, or new and not ignored; sorted. */
  dirtyPaths(paths: readonly string[]): Promise<readonly string[]>;
  /**
   * The files below a directory at a revision; in the `worktree`, those that are tracked or new and not ignored. Sorted. Links are followed where they
   * lead out of the directory.
   */
  entries(rev: string, dir: string): Promise<readonly SourceEntry[]>;
  /** All files of a commit just as they are. */
  stored(commit: string): Promise<readonly SourceEntry[]>;
  files(commit: string): CommitFiles;
  /**
   * The id of what a name stands for; `undefined` when that is not here (a shallow clone does not have every commit). A name that begins with `refs/` is a
   * whole one.
   * @throws AtmosError `damaged-ref`
   */
  idOf(name: string): Promise<string | undefined>;
  /** Takes away a ref that is damaged, which Git itself does not. */
  removeDamaged(ref: string): Promise<void>;
  /** An object's content by any name that Git knows. @throws AtmosError `git-failed` when there is none. */
  readObject(name: string): Promise<Buffer>;
  git(args: readonly string[], options?: GitOptions): Promise<Answer>;
  /** What a command prints, without the line feed at its end. */
  text(args: readonly string[], options?: GitOptions): Promise<string>;
  close(): void;
}

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
    hint: 'tell it: git config --global user.name "Your Name" && git config --global user.email you@example.com',
  });
}

function unknownCommit(rev: string): AtmosError {
  return new AtmosError(`there is no commit "${rev}" in this repository`, {
    kind: 'invalid',
    code: 'unknown-commit',
    hint: 'get it: git fetch   (in a shallow clone: git fetch --unshallow)',
  });
}
