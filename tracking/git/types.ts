import type { FileMode } from '../../engine/index.ts';
import type { Answer, CallOptions } from './call.ts';
import type { ObjectDatabase } from './objects.ts';

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

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** The files of a commit; paths are relative to the root, with `/`. */
export interface CommitFiles {
  /** `undefined` when there is no such file. @throws AtmosError `link-outside`, `link-loop` */
  read(path: string): Promise<Uint8Array | undefined>;
  /** All files below a directory, recursively, sorted; none when there is no such directory. */
  list(dir: string): Promise<readonly string[]>;
}

export type GitOptions = Omit<CallOptions, 'cwd'>;
