import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import type { Answer } from './call.ts';
import { isBeforeThere } from './history.ts';
import type { Patience, Stop } from './network.ts';
import { diverged, noDefaultBranch, notPublished, refuseDamaged, unreachable } from './ref-errors.ts';
import { namesOfFiles } from './ref-files.ts';
import { FETCH, instruction, isLedger, isMeant, parseRefs, type RefUpdate } from './ref-text.ts';
import { Remote } from './remote.ts';
import type { Repository } from './types.ts';

export type { Patience } from './network.ts';
export { ANY, type RefUpdate } from './ref-text.ts';

export interface RefOptions {
  /** `outcome` must be recorded: only force stops it. */
  readonly patience?: Patience;
}

/**
 * Refs where they are shared: on the remote when there is one, with the local refs following it, else in this repository.
 * What a read returned is here with all its objects.
 */
export class Refs {
  readonly #repository: Repository;
  readonly #remote: Remote | undefined;

  constructor(
    repository: Repository,
    remote: string | undefined,
    stop: () => Stop | undefined = () => undefined,
    warn: (message: string) => void = () => undefined,
  ) {
    this.#repository = repository;
    this.#remote = remote === undefined ? undefined : new Remote(remote, repository, stop, warn);
  }

  /**
   * What refs point at; the patterns are whole names or end with `/*`. A ref that is not there is not in the answer.
   * @throws AtmosError `remote-unreachable`, `ledger-diverged`, `not-published`, `interrupted`
   */
  async read(patterns: readonly string[], { patience = 'command' }: RefOptions = {}): Promise<ReadonlyMap<string, string>> {
    if (this.#remote === undefined) return this.readLocal(patterns);
    for (;;) {
      const [local, shared] = await Promise.all([this.readLocal(patterns), this.#remote.list(patterns, patience)]);
      const unpublished = [...local.keys()].find((ref) => isLedger(ref) && !shared.has(ref));
      if (unpublished !== undefined) throw notPublished(this.#remote.name, unpublished);
      const behind = [...shared].filter(([ref, id]) => local.get(ref) !== id).map(([ref]) => ref);
      // The remote may let go of a ref after it was listed, a lock for one: then what was listed is not true any more.
      if (behind.length === 0 || (await this.#remote.fetch(behind, patience))) return shared;
    }
  }

  /**
   * What the remote's default branch points at, or, where that is not there, the only branch; `undefined` where it has no branch yet.
   * @throws AtmosError `remote-unreachable`, `no-default-branch`
   */
  async head(): Promise<string | undefined> {
    if (this.#remote === undefined) return undefined;
    const answer = await this.#remote.insist(['ls-remote', this.#remote.name, 'HEAD', 'refs/heads/*'], 'command');
    if (answer.code !== 0) throw unreachable(this.#remote.name, answer);
    const listed = parseRefs(answer.stdout, '\t');
    const branches = [...listed].filter(([ref]) => isMeant(ref, ['refs/heads/*']));
    if (listed.has('HEAD') || branches.length <= 1) return listed.get('HEAD') ?? branches[0]?.[1];
    throw noDefaultBranch(this.#remote.name);
  }

  /** Whether a commit is another one of the remote, or comes before it. @throws AtmosError `remote-unreachable` */
  async isBefore(older: string, newer: string): Promise<boolean> {
    if (older === newer || (await this.#isAncestor(older, newer))) return true;
    const { gitDir } = this.#repository;
    if (this.#remote === undefined || !existsSync(join(gitDir, 'shallow'))) return false;
    const found = await isBeforeThere(older, newer, {
      repository: this.#repository,
      remote: this.#remote.name,
      signal: this.#remote.signal('command'),
    });
    if (typeof found === 'boolean') return found;
    throw unreachable(this.#remote.name, found);
  }

  async #isAncestor(older: string, newer: string): Promise<boolean> {
    const { code } = await this.#call(['merge-base', '--is-ancestor', older, newer]);
    return code === 0;
  }

  /** What refs point at on the remote, without fetching what that is; where there is none, here. @throws AtmosError `remote-unreachable` */
  async look(patterns: readonly string[], { patience = 'command' }: RefOptions = {}): Promise<ReadonlyMap<string, string>> {
    return this.#remote === undefined ? this.readLocal(patterns) : this.#remote.list(patterns, patience);
  }

  /** What this repository knows, without asking the remote. */
  async readLocal(patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (patterns.every((pattern) => !pattern.endsWith('*'))) {
      // Whole names are asked of the process that reads objects, without starting another.
      const ids = await Promise.all(patterns.map(async (ref) => [ref, await this.#repository.idOf(ref)] as const));
      return new Map(ids.flatMap(([ref, id]) => (id === undefined ? [] : [[ref, id] as const])));
    }
    const prefixes = patterns.map((pattern) => pattern.replace(/\*$/, ''));
    const listed = await this.#repository.git(['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes]);
    refuseDamaged(listed);
    const found = new Map(parseRefs(listed.stdout, ' '));
    for (const ref of prefixes.flatMap((prefix) => namesOfFiles(this.#repository.gitDir, prefix))) {
      const id = found.get(ref) ?? (await this.#repository.idOf(ref));
      if (id !== undefined) found.set(ref, id);
    }
    return found;
  }

  /**
   * Moves refs together or not at all; false when one was not as expected.
   * @throws AtmosError `push-rejected`, `remote-unreachable`, `interrupted`
   */
  async update(updates: readonly RefUpdate[], { patience = 'command' }: RefOptions = {}): Promise<boolean> {
    if (this.#remote === undefined) return this.#updateLocal(updates.map(instruction));
    if (!(await this.#remote.push(updates, patience))) return false;
    // The remote has decided; a local ref that another process moves meanwhile follows with the next read.
    await this.#updateLocal(updates.map(({ ref, to }) => (to === undefined ? `delete ${ref}` : `update ${ref} ${to}`)));
    return true;
  }

  /**
   * Brings refs to the remote that only this clone has, all or none: those below `refs/atmos/` that were made before there was a remote.
   * @returns what was brought there
   * @throws AtmosError `ledger-diverged` when the remote has a ledger that is not an ancestor of ours
   */
  async publish(): Promise<readonly string[]> {
    const remote = this.#remote;
    if (remote === undefined) return [];
    const pattern = ['refs/atmos/*'];
    const [local, shared] = await Promise.all([this.readLocal(pattern), remote.list(pattern, 'command')]);
    const wanted = [...local].filter(([ref, id]) => shared.get(ref) !== id && !ref.startsWith('refs/atmos/locks/'));
    const behind = wanted.flatMap(([ref]) => (shared.has(ref) ? [ref] : []));
    // What the remote has of them must be here to tell whether ours goes on from there.
    if (behind.length > 0) await remote.fetchObjects(behind);
    const updates: RefUpdate[] = [];
    for (const [ref, to] of wanted) {
      const from = shared.get(ref);
      if (from !== undefined && isLedger(ref) && !(await this.#isAncestor(from, to))) {
        if (await this.#isAncestor(to, from)) continue;
        throw diverged(remote.name, ref);
      }
      if (from === undefined || isLedger(ref)) updates.push({ ref, from, to });
    }
    if (updates.length > 0 && !(await remote.push(updates, 'command'))) throw diverged(remote.name, updates[0]?.ref ?? 'refs/atmos');
    return updates.map(({ ref }) => ref).sort();
  }

  /**
   * Gets a commit that this clone does not have: it is behind, or shallow. False where there is no remote, or that does not have it either.
   * @throws AtmosError `remote-unreachable`
   */
  async fetchCommit(commit: string): Promise<boolean> {
    if (this.#remote === undefined) return false;
    // A shallow clone stays as shallow as it is.
    const depth = existsSync(join(this.#repository.gitDir, 'shallow')) ? ['--depth=1'] : [];
    const answer = await this.#remote.insist(['fetch', ...FETCH, ...depth, this.#remote.name, commit], 'command');
    if (answer.code !== 0 && !/couldn't find remote ref|not our ref/.test(answer.stderr)) throw unreachable(this.#remote.name, answer);
    return answer.code === 0;
  }

  async #updateLocal(instructions: readonly string[]): Promise<boolean> {
    const input = `start\n${instructions.join('\n')}\nprepare\ncommit\n`;
    const answer = await this.#call(['update-ref', '--stdin'], input);
    if (answer.code === 0) return true;
    const conflict = /cannot lock ref|reference already exists|unable to resolve reference/.test(answer.stderr);
    if (conflict && !/exists; cannot create/.test(answer.stderr)) return false;
    throw new AtmosError(`git update-ref failed: ${answer.stderr.trim()}`, { kind: 'environment', code: 'git-failed' });
  }

  #call(args: readonly string[], input?: string): Promise<Answer> {
    const answers = Array.from({ length: 256 }, (_, code) => code);
    return this.#repository.git(args, input === undefined ? { answers } : { answers, input });
  }
}
