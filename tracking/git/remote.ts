import type { Answer } from './call.ts';
import { callRemote, isPassing, LONG_WAIT, type Patience, pause, pauseBefore, type Stop, TIMEOUT } from './network.ts';
import { pushArguments, pushEnd } from './push.ts';
import { addressesOf, elsewhere } from './push-address.ts';
import { ambiguous, diverged, pushedElsewhere, rejected, unreachable } from './ref-errors.ts';
import { ANY, FETCH, isLedger, isMeant, parseRefs, type RefUpdate, takenFor } from './ref-text.ts';
import type { Repository } from './types.ts';

/** How often a fetch is tried again when another process of this clone writes the same ref. */
const FETCHES = 20;

/** The refs of a remote. What does not get through is tried again for a while; a push whose answer was lost is found again. */
export class Remote {
  readonly name: string;
  readonly #repository: Repository;
  readonly #stop: () => Stop | undefined;
  readonly #warn: (message: string) => void;
  #hasWarned = false;
  /** Whether what is written there is what is read there. */
  #isOnePlace: Promise<void> | undefined;

  constructor(name: string, repository: Repository, stop: () => Stop | undefined, warn: (message: string) => void) {
    this.name = name;
    this.#repository = repository;
    this.#stop = stop;
    this.#warn = warn;
  }

  async list(patterns: readonly string[], patience: Patience): Promise<ReadonlyMap<string, string>> {
    const answer = await this.insist(['ls-remote', '--refs', this.name, ...patterns], patience);
    if (answer.code !== 0) throw unreachable(this.name, answer);
    const listed = parseRefs(answer.stdout, '\t');
    for (const ref of listed.keys()) {
      const other = takenFor(ref);
      if (other !== undefined && isMeant(other, patterns)) throw ambiguous(this.name, ref, other);
    }
    return new Map([...listed].filter(([ref]) => isMeant(ref, patterns)));
  }

  async push(updates: readonly RefUpdate[], patience: Patience): Promise<boolean> {
    this.#isOnePlace ??= addressesOf(this.#repository, this.name).then((addresses) => {
      const other = elsewhere(addresses);
      if (other !== undefined) throw pushedElsewhere(this.name, addresses.read[0] ?? '', other);
    });
    await this.#isOnePlace;
    const signal = this.signal(patience);
    const until = performance.now() + TIMEOUT[patience];
    let isUncertain = false;
    for (let attempt = 0; ; attempt += 1) {
      // Whoever asks again may have been heard the first time.
      if (isUncertain && (await this.#isDone(updates, patience))) return true;
      const answer = await callRemote(pushArguments(this.name, updates), { cwd: this.#repository.root, signal });
      const { end, refused } = pushEnd(answer);
      if (end === 'done') return true;
      // A line that was cut may have been asked again by Git itself, which then found its own work in the way.
      if (end === 'conflict') return this.#isDone(updates, patience);
      if (end === 'refused') throw refused.length > 0 ? rejected(this.name, refused, answer) : unreachable(this.name, answer);
      if (performance.now() > until) {
        if (await this.#isDone(updates, patience)) return true;
        throw unreachable(this.name, answer);
      }
      isUncertain = true;
      await this.#pause(attempt, until - TIMEOUT[patience], signal);
    }
  }

  /** Whether refs are where an update would have moved them: with a ref of its own in it, nobody else can have moved them there. */
  async #isDone(updates: readonly RefUpdate[], patience: Patience): Promise<boolean> {
    const now = await this.list(
      updates.map(({ ref }) => ref),
      patience,
    );
    const decisive = updates.filter(({ from }) => from !== ANY);
    return (decisive.length === 0 ? updates : decisive).every(({ ref, to }) => now.get(ref) === to);
  }

  /** Ledgers only move forward; the other refs go wherever the remote's are. False when the remote has one of them no more. */
  async fetch(refs: readonly string[], patience: Patience): Promise<boolean> {
    const refspecs = refs.map((ref) => `${isLedger(ref) ? '' : '+'}${ref}:${ref}`);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.insist(['fetch', ...FETCH, '--refmap=', this.name, '--stdin'], patience, `${refspecs.join('\n')}\n`);
      if (answer.code === 0) return true;
      const ahead = /\[rejected\].*-> (\S+)/.exec(answer.stderr)?.[1];
      if (ahead !== undefined) throw diverged(this.name, ahead);
      // Another process of this clone fetches the same ref.
      const passing = /cannot lock ref|unable to update local ref|File exists/.test(answer.stderr);
      if (/couldn't find remote ref|not our ref/.test(answer.stderr)) return false;
      if (!passing || attempt === FETCHES) throw unreachable(this.name, answer);
      await pause(Math.random() * 20 * attempt, this.signal(patience));
    }
  }

  /** Gets what refs of the remote point at, and moves no ref. */
  async fetchObjects(refs: readonly string[]): Promise<void> {
    const answer = await this.insist(['fetch', ...FETCH, this.name, '--stdin'], 'command', `${refs.join('\n')}\n`);
    if (answer.code !== 0) throw unreachable(this.name, answer);
  }

  /** Calls a remote until it gets through, for as long as that is worth waiting for. */
  async insist(args: readonly string[], patience: Patience, input?: string): Promise<Answer> {
    const signal = this.signal(patience);
    const until = performance.now() + TIMEOUT[patience];
    for (let attempt = 0; ; attempt += 1) {
      const answer = await callRemote(args, { cwd: this.#repository.root, signal, ...(input === undefined ? {} : { input }) });
      if (!isPassing(answer) || performance.now() > until) return answer;
      await this.#pause(attempt, until - TIMEOUT[patience], signal);
    }
  }

  /** Waits before a remote is asked again, and says so where it takes long. */
  async #pause(attempt: number, since: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasWarned && performance.now() - since > LONG_WAIT) {
      this.#hasWarned = true;
      this.#warn(`the remote "${this.name}" does not answer: trying again`);
    }
    await pause(pauseBefore(attempt), signal);
  }

  signal(patience: Patience): AbortSignal | undefined {
    const stop = this.#stop();
    return patience === 'outcome' ? stop?.force : stop?.interrupt;
  }
}
