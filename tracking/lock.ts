import { randomBytes } from 'node:crypto';
import { AtmosError, formatProcess, isGone, isObject, parseProcess, thisProcess } from '../engine/index.ts';
import { writeBlob } from './git/files.ts';
import type { Refs, RefUpdate } from './git/refs.ts';
import type { Person, Repository } from './git/repository.ts';
import type { RefIds } from './ledger.ts';

/** What a lock says of its holder: the content of the blob that the lock ref points at. */
export interface LockOwner {
  readonly version: 1;
  readonly by: Person;
  readonly host: string;
  /** As `formatProcess` writes it. */
  readonly process: string;
  readonly nonce: string;
  /** ISO 8601, UTC. */
  readonly acquired: string;
  readonly expires: string;
}

/** How long a lock holds without being renewed, in milliseconds. */
const EXPIRY = 60_000;

/** A lock that may be had: it is had when `update` has gone through. */
export interface Claim {
  readonly update: RefUpdate;
  /** To be called once it has: renews it from then on. */
  hold(): Lock;
}

/** A held lock. */
export interface Lock {
  /** Aborts when the lock was lost: whoever holds it must not apply anything any more. */
  readonly lost: AbortSignal;
  /** Renews it no more; returns the update that frees it, to go along with others. */
  end(): Promise<RefUpdate>;
  release(): Promise<void>;
}

export function lockRef(deployment: string, target: string): string {
  return `refs/atmos/locks/${deployment}/${target}`;
}

/** One rollout at a time: a lock a target, created only where there is none, or where its holder is provably gone or has not renewed it. */
export class Locks {
  readonly #repository: Repository;
  readonly #refs: Refs;

  constructor(repository: Repository, refs: Refs) {
    this.#repository = repository;
    this.#refs = refs;
  }

  /** @throws AtmosError `locked`, saying by whom and until when. */
  async acquire(deployment: string, target: string, by: Person): Promise<Lock> {
    for (;;) {
      const claim = await this.claim(deployment, target, by, await this.#refs.read([lockRef(deployment, target)]));
      if (await this.#refs.update([claim.update])) return claim.hold();
    }
  }

  /** What takes a target's lock, by what its ref was read as. @throws AtmosError `locked` */
  async claim(deployment: string, target: string, by: Person, ids: RefIds): Promise<Claim> {
    const ref = lockRef(deployment, target);
    const from = ids.get(ref);
    const owner = from === undefined ? undefined : await this.#owner(ref, from);
    if (owner !== undefined && isHeld(owner)) throw locked(deployment, target, owner);
    const acquired = new Date();
    const to = await this.#write(by, acquired);
    return { update: { ref, from, to }, hold: () => this.#hold(ref, to, by, acquired) };
  }

  /** Who holds a target's lock, whether or not it still counts. */
  async read(deployment: string, target: string): Promise<{ readonly id: string | undefined; readonly owner: LockOwner | undefined }> {
    const ref = lockRef(deployment, target);
    const id = (await this.#refs.read([ref])).get(ref);
    return { id, owner: id === undefined ? undefined : await this.#owner(ref, id) };
  }

  async #owner(ref: string, id: string): Promise<LockOwner> {
    const owner: unknown = JSON.parse((await this.#repository.readObject(id)).toString('utf8'));
    if (isOwner(owner)) return owner;
    throw new AtmosError(`${ref} is not a lock that this version can read`, {
      kind: 'environment',
      code: 'unknown-version',
      hint: 'use a newer atmos-deployment',
    });
  }

  /** Takes a lock away, whoever holds it. Returns who held it. */
  async force(deployment: string, target: string): Promise<LockOwner | undefined> {
    const { id, owner } = await this.read(deployment, target);
    if (id !== undefined) await this.#refs.update([{ ref: lockRef(deployment, target), from: id, to: undefined }]);
    return owner;
  }

  async #write(by: Person, acquired: Date): Promise<string> {
    const owner: LockOwner = {
      version: 1,
      by,
      host: process.getBuiltinModule('node:os').hostname(),
      process: formatProcess(thisProcess()),
      nonce: randomBytes(8).toString('hex'),
      acquired: acquired.toISOString(),
      expires: new Date(Date.now() + EXPIRY).toISOString(),
    };
    return writeBlob(this.#repository, Buffer.from(`${JSON.stringify(owner, null, 2)}\n`));
  }

  #hold(ref: string, first: string, by: Person, acquired: Date): Lock {
    let current = first;
    let renewedAt = Date.now();
    const lost = new AbortController();
    let work: Promise<void> = Promise.resolve();
    const renew = async (): Promise<void> => {
      const next = await this.#write(by, acquired);
      if (await this.#refs.update([{ ref, from: current, to: next }])) {
        current = next;
        renewedAt = Date.now();
      } else lost.abort();
    };
    const timer = setInterval(() => {
      work = work.then(renew).catch(() => {
        // The remote may come back before the lock expires; until then it is ours.
        if (Date.now() - renewedAt > EXPIRY * 0.8) lost.abort();
      });
    }, EXPIRY / 3);
    timer.unref();
    const end = async (): Promise<RefUpdate> => {
      clearInterval(timer);
      await work;
      return { ref, from: current, to: undefined };
    };
    return {
      lost: lost.signal,
      end,
      release: async () => {
        await this.#refs.update([await end()]);
      },
    };
  }
}

/** A lock counts until it expires, unless its holder was a process of this machine that is gone. */
export function isHeld(owner: LockOwner, now = Date.now()): boolean {
  const holder = parseProcess(owner.process);
  if (holder !== undefined && isGone(holder)) return false;
  return Date.parse(owner.expires) > now;
}

function isOwner(value: unknown): value is LockOwner {
  return (
    isObject(value) && value.version === 1 && typeof value.process === 'string' && typeof value.expires === 'string' && isObject(value.by)
  );
}

function locked(deployment: string, target: string, owner: LockOwner): AtmosError {
  return new AtmosError(`${deployment}/${target} is being deployed by ${owner.by.email} on ${owner.host} since ${owner.acquired}`, {
    kind: 'refused',
    code: 'locked',
    hint: `wait until it is done (the lock expires at ${owner.expires} unless it is renewed), or take it away: atmos-deployment unlock ${deployment} --target ${target} --force`,
  });
}
