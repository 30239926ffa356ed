import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import type { Answer } from './call.ts';
import { isBeforeThere } from './history.ts';
import { callRemote, isPassing, LONG_WAIT, PATIENCE, type Patience, pause, pauseBefore, type Stop } from './network.ts';
import { pushArguments, pushEnd } from './push.ts';
import { diverged, noDefaultBranch, notPublished, refuseDamaged, rejected, unreachable } from './ref-errors.ts';
import { ANY, FETCH, instruction, isLedger, parseRefs, type RefUpdate } from './ref-text.ts';
import type { Repository } from './repository.ts';

export type { Patience } from './network.ts';
export { ANY, type RefUpdate } from './ref-text.ts';

/** How often a fetch is tried again when another process of this clone writes the same ref. */
const FETCHES = 20;

export interface RefOptions {
  /** `outcome` must be recorded: only force stops it. */
  readonly patience?: Patience;
}

/**
 * Refs where they are shared: on the remote when there is one, with the local refs following it, else in this repository.
 * What a read returned is here with all its objects. What does not get through is tried again for a while; a push whose answer was lost is found again.
 */
export class Refs {
  readonly #repository: Repository;
  readonly #remote: string | undefined;
  readonly #stop: () => Stop | undefined;
  readonly #warn: (message: string) => void;
  #hasWarned = false;

  constructor(
    repository: Repository,
    remote: string | undefined,
    stop: () => Stop | undefined = () => undefined,
    warn: (message: string) => void = () => undefined,
  ) {
    this.#repository = repository;
    this.#remote = remote;
    this.#stop = stop;
    this.#warn = warn;
  }

  /**
   * What refs point at; the patterns are whole names or end with `/*`. A ref that is not there is not in the answer.
   * @throws AtmosError `remote-unreachable`, `ledger-diverged`, `not-published`, `interrupted`
   */
  async read(patterns: readonly string[], { patience = 'command' }: RefOptions = {}): Promise<ReadonlyMap<string, string>> {
    if (this.#remote === undefined) return this.readLocal(patterns);
    for (;;) {
      const [local, shared] = await Promise.all([this.readLocal(patterns), this.#list(this.#remote, patterns, patience)]);
      const unpublished = [...local.keys()].find((ref) => isLedger(ref) && !shared.has(ref));
      if (unpublished !== undefined) throw notPublished(this.#remote, unpublished);
      const behind = [...shared].filter(([ref, id]) => local.get(ref) !== id).map(([ref]) => ref);
      // The remote may let go of a ref after it was listed, a lock for one: then what was listed is not true any more.
      if (behind.length === 0 || (await this.#fetch(this.#remote, behind, patience))) return shared;
    }
  }

  /**
   * What the remote's default branch points at, or, where that is not there, the only branch; `undefined` where it has no branch yet.
   * @throws AtmosError `remote-unreachable`, `no-default-branch`
   */
  async head(): Promise<string | undefined> {
    if (this.#remote === undefined) return undefined;
    const answer = await this.#insist(['ls-remote', this.#remote, 'HEAD', 'refs/heads/*'], 'command');
    if (answer.code !== 0) throw unreachable(this.#remote, answer);
    const { HEAD, ...branches } = Object.fromEntries(parseRefs(answer.stdout, '\t'));
    if (HEAD !== undefined || Object.keys(branches).length <= 1) return HEAD ?? Object.values(branches)[0];
    throw noDefaultBranch(this.#remote);
  }

  /** Whether a commit is another one of the remote, or comes before it. @throws AtmosError `remote-unreachable` */
  async isBefore(older: string, newer: string): Promise<boolean> {
    if (older === newer || (await this.#isAncestor(older, newer))) return true;
    const { gitDir } = this.#repository;
    if (this.#remote === undefined || !existsSync(join(gitDir, 'shallow'))) return false;
    const found = await isBeforeThere(older, newer, { gitDir, remote: this.#remote, signal: this.#signal('command') });
    if (typeof found === 'boolean') return found;
    throw unreachable(this.#remote, found);
  }

  async #isAncestor(older: string, newer: string): Promise<boolean> {
    const { code } = await this.#call(['merge-base', '--is-ancestor', older, newer]);
    return code === 0;
  }

  /** What refs point at on the remote, without fetching what that is; where there is none, here. @throws AtmosError `remote-unreachable` */
  async look(patterns: readonly string[], { patience = 'command' }: RefOptions = {}): Promise<ReadonlyMap<string, string>> {
    return this.#remote === undefined ? this.readLocal(patterns) : this.#list(this.#remote, patterns, patience);
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
    return parseRefs(listed.stdout, ' ');
  }

  /**
   * Moves refs together or not at all; false when one was not as expected.
   * @throws AtmosError `push-rejected`, `remote-unreachable`, `interrupted`
   */
  async update(updates: readonly RefUpdate[], { patience = 'command' }: RefOptions = {}): Promise<boolean> {
    if (this.#remote === undefined) return this.#updateLocal(updates.map(instruction));
    if (!(await this.#push(this.#remote, updates, patience))) return false;
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
    const [local, shared] = await Promise.all([this.readLocal(pattern), this.#list(remote, pattern, 'command')]);
    const wanted = [...local].filter(([ref, id]) => shared.get(ref) !== id && !ref.startsWith('refs/atmos/locks/'));
    const behind = wanted.flatMap(([ref]) => (shared.has(ref) ? [ref] : []));
    // What the remote has of them must be here to tell whether ours goes on from there.
    if (behind.length > 0) await this.#fetchObjects(remote, behind);
    const updates: RefUpdate[] = [];
    for (const [ref, to] of wanted) {
      const from = shared.get(ref);
      if (from !== undefined && isLedger(ref) && !(await this.#isAncestor(from, to))) {
        if (await this.#isAncestor(to, from)) continue;
        throw diverged(remote, ref);
      }
      if (from === undefined || isLedger(ref)) updates.push({ ref, from, to });
    }
    if (updates.length > 0 && !(await this.#push(remote, updates, 'command'))) throw diverged(remote, updates[0]?.ref ?? 'refs/atmos');
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
    const answer = await this.#insist(['fetch', ...FETCH, ...depth, this.#remote, commit], 'command');
    if (answer.code !== 0 && !/couldn't find remote ref|not our ref/.test(answer.stderr)) throw unreachable(this.#remote, answer);
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

  async #list(remote: string, patterns: readonly string[], patience: Patience): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#insist(['ls-remote', '--refs', remote, ...patterns], patience);
    if (answer.code !== 0) throw unreachable(remote, answer);
    return parseRefs(answer.stdout, '\t');
  }

  async #push(remote: string, updates: readonly RefUpdate[], patience: Patience): Promise<boolean> {
    const signal = this.#signal(patience);
    const until = performance.now() + PATIENCE[patience];
    let isUncertain = false;
    for (let attempt = 0; ; attempt += 1) {
      // Whoever asks again may have been heard the first time.
      if (isUncertain && (await this.#isDone(remote, updates, patience))) return true;
      const answer = await callRemote(pushArguments(remote, updates), { cwd: this.#repository.root, signal });
      const { end, refused } = pushEnd(answer);
      if (end === 'done') return true;
      // A line that was cut may have been asked again by Git itself, which then found its own work in the way.
      if (end === 'conflict') return this.#isDone(remote, updates, patience);
      if (end === 'refused') throw refused.length > 0 ? rejected(remote, refused, answer) : unreachable(remote, answer);
      if (performance.now() > until) {
        if (await this.#isDone(remote, updates, patience)) return true;
        throw unreachable(remote, answer);
      }
      isUncertain = true;
      await this.#pause(attempt, until - PATIENCE[patience], signal);
    }
  }

  /** Whether refs are where an update would have moved them: with a ref of its own in it, nobody else can have moved them there. */
  async #isDone(remote: string, updates: readonly RefUpdate[], patience: Patience): Promise<boolean> {
    const now = await this.#list(
      remote,
      updates.map(({ ref }) => ref),
      patience,
    );
    const decisive = updates.filter(({ from }) => from !== ANY);
    return (decisive.length === 0 ? updates : decisive).every(({ ref, to }) => now.get(ref) === to);
  }

  /** Ledgers only move forward; the other refs go wherever the remote's are. False when the remote has one of them no more. */
  async #fetch(remote: string, refs: readonly string[], patience: Patience): Promise<boolean> {
    const refspecs = refs.map((ref) => `${isLedger(ref) ? '' : '+'}${ref}:${ref}`);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#insist(['fetch', ...FETCH, '--refmap=', remote, '--stdin'], patience, `${refspecs.join('\n')}\n`);
      if (answer.code === 0) return true;
      const ahead = /\[rejected\].*-> (\S+)/.exec(answer.stderr)?.[1];
      if (ahead !== undefined) throw diverged(remote, ahead);
      // Another process of this clone fetches the same ref.
      const passing = /cannot lock ref|unable to update local ref|File exists/.test(answer.stderr);
      if (/couldn't find remote ref|not our ref/.test(answer.stderr)) return false;
      if (!passing || attempt === FETCHES) throw unreachable(remote, answer);
      await pause(Math.random() * 20 * attempt, this.#signal(patience));
    }
  }

  /** Gets what refs of the remote point at, and moves no ref. */
  async #fetchObjects(remote: string, refs: readonly string[]): Promise<void> {
    const answer = await this.#insist(['fetch', ...FETCH, remote, '--stdin'], 'command', `${refs.join('\n')}\n`);
    if (answer.code !== 0) throw unreachable(remote, answer);
  }

  /** Calls a remote until it gets through, for as long as that is worth waiting for. */
  async #insist(args: readonly string[], patience: Patience, input?: string): Promise<Answer> {
    const signal = this.#signal(patience);
    const until = performance.now() + PATIENCE[patience];
    for (let attempt = 0; ; attempt += 1) {
      const answer = await callRemote(args, { cwd: this.#repository.root, signal, ...(input === undefined ? {} : { input }) });
      if (!isPassing(answer) || performance.now() > until) return answer;
      await this.#pause(attempt, until - PATIENCE[patience], signal);
    }
  }

  /** Waits before a remote is asked again, and says so where it takes long. */
  async #pause(attempt: number, since: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasWarned && performance.now() - since > LONG_WAIT) {
      this.#hasWarned = true;
      this.#warn(`the remote "${this.#remote ?? ''}" does not answer: trying again`);
    }
    await pause(pauseBefore(attempt), signal);
  }

  #signal(patience: Patience): AbortSignal | undefined {
    const stop = this.#stop();
    return patience === 'outcome' ? stop?.force : stop?.interrupt;
  }

  #call(args: readonly string[], input?: string): Promise<Answer> {
    const answers = Array.from({ length: 256 }, (_, code) => code);
    return this.#repository.git(args, input === undefined ? { answers } : { answers, input });
  }
}
