import { randomBytes } from 'node:crypto';
import { AtmosError, formatProcess, isGone, parseProcess, type TargetRef, thisProcess } from '../engine/index.ts';
import { writeBlob } from './git/files.ts';
import type { Refs, RefUpdate } from './git/refs.ts';
import type { Person, Repository } from './git/types.ts';
import type { RefIds } from './ledger.ts';
import { type LockOwner, readOwner } from './lock-owner.ts';
import { LockWatch } from './lock-watch.ts';
import { checkNames } from './names.ts';

/** What is known of the place that a process works in. */
export interface LockSite {
  /** Absolute. */
  readonly dir: string;
  /**
   * Whether something that a command in another directory of this machine had started still runs, though the command is gone; or has left a state that
   * nobody there has dealt with.
   */
  isBusy(dir: string, { deployment, target }: TargetRef): Promise<boolean>;
}

/** How long somebody else must have seen a lock unchanged before it counts as left behind, in milliseconds; it is renewed three times as often. */
export const EXPIRY = 15 * 60_000;
const RENEWAL = EXPIRY / 3;
/** A holder that could not renew it for so long stops: nobody else may have it before. */
const GIVEN_UP = EXPIRY * 0.8;
/** How long what was seen of the remote's lock counts, in milliseconds: effects that start together ask once. */
const FRESH = 500;

/** Of a lock's ref that names nothing. */
const DAMAGED = 'damaged';

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
  /** Asks the remote whether it still is ours. @throws AtmosError `lock-lost` */
  check(): Promise<void>;
  /** Renews it no more; returns the update that frees it, to go along with others. */
  end(): Promise<RefUpdate>;
  release(): Promise<void>;
}

export function lockRef({ deployment, target }: TargetRef): string {
  checkNames({ deployment, target });
  return `refs/atmos/locks/${deployment}/${target}`;
}

/** One rollout at a time: a lock a target, created only where there is none, or where its holder is provably gone or was watched not to renew it. */
export class Locks {
  readonly #repository: Repository;
  readonly #refs: Refs;
  readonly #watch: LockWatch;
  readonly #site: LockSite | undefined;

  constructor(repository: Repository, refs: Refs, watch: LockWatch = new LockWatch(), site?: LockSite) {
    this.#repository = repository;
    this.#refs = refs;
    this.#watch = watch;
    this.#site = site;
  }

  /** @throws AtmosError `locked`, saying by whom and since when. */
  async acquire({ deployment, target }: TargetRef, by: Person): Promise<Lock> {
    for (;;) {
      const claim = await this.claim({ deployment, target }, by, await this.#refs.read([lockRef({ deployment, target })]));
      if (await this.#refs.update([claim.update])) return claim.hold();
    }
  }

  /** What takes a target's lock, by what its ref was read as. @throws AtmosError `locked` */
  async claim({ deployment, target }: TargetRef, by: Person, ids: RefIds): Promise<Claim> {
    const ref = lockRef({ deployment, target });
    const from = ids.get(ref);
    const owner = from === undefined ? undefined : await this.#owner(ref, from);
    if (from !== undefined && owner !== undefined && (await this.#counts({ deployment, target }, from, owner)))
      throw locked({ deployment, target }, owner);
    const acquired = new Date();
    const to = await this.#write(by, acquired);
    return { update: { ref, from, to }, hold: () => this.#hold({ deployment, target }, to, by, acquired) };
  }

  /** Who holds a target's lock; `undefined` for `owner` where there is none, or it says nothing that can be read. */
  async read({ deployment, target }: TargetRef): Promise<{ readonly id: string | undefined; readonly owner: LockOwner | undefined }> {
    const ref = lockRef({ deployment, target });
    const id = (await this.#refs.read([ref])).get(ref);
    return { id, owner: id === undefined ? undefined : await this.#owner(ref, id) };
  }

  /** Who holds a target's lock, if whoever that is may still be at work. */
  async holder({ deployment, target }: TargetRef): Promise<LockOwner | undefined> {
    const { id, owner } = await this.read({ deployment, target });
    return id !== undefined && owner !== undefined && (await this.#counts({ deployment, target }, id, owner)) ? owner : undefined;
  }

  /**
   * A lock counts until its holder is known to be gone, or was watched not to renew it for as long as it holds. What a holder that is gone had started
   * in another directory of this machine counts like the holder; in our own we wait for it ourselves.
   */
  async #counts({ deployment, target }: TargetRef, id: string, owner: LockOwner): Promise<boolean> {
    const holder = parseProcess(owner.process);
    if (holder === undefined || !isGone(holder)) return (await this.#watch.unchangedFor(lockRef({ deployment, target }), id)) < EXPIRY;
    if (owner.dir === undefined || this.#site === undefined || owner.dir === this.#site.dir) return false;
    return this.#site.isBusy(owner.dir, { deployment, target });
  }

  async #owner(ref: string, id: string): Promise<LockOwner | undefined> {
    const owner = readOwner(await this.#repository.readObject(id));
    if (owner !== undefined) return owner;
    throw new AtmosError(`lock ${ref} was written by a newer version`, {
      kind: 'environment',
      code: 'unknown-version',
      hint: 'use a newer atmos-deployment, or remove it: unlock --force',
    });
  }

  /** Takes a lock away, whoever holds it, and whatever it holds. False when there was none. */
  async force({ deployment, target }: TargetRef): Promise<{ readonly found: boolean; readonly owner: LockOwner | undefined }> {
    const ref = lockRef({ deployment, target });
    for (;;) {
      const id = await this.#refs.read([ref]).then(
        (ids) => ids.get(ref),
        (error: unknown) => {
          if (!(error instanceof AtmosError) || error.code !== 'damaged-ref') throw error;
          return DAMAGED;
        },
      );
      if (id === undefined) return { found: false, owner: undefined };
      if (id === DAMAGED) {
        await this.#repository.removeDamaged(ref);
        return { found: true, owner: undefined };
      }
      const content = await this.#repository.readObject(id).catch(() => undefined);
      if (await this.#refs.update([{ ref, from: id, to: undefined }])) {
        return { found: true, owner: content === undefined ? undefined : readOwner(content) };
      }
    }
  }

  async #write(by: Person, acquired: Date): Promise<string> {
    const owner: LockOwner = {
      version: 1,
      by,
      host: process.getBuiltinModule('node:os').hostname(),
      process: formatProcess(thisProcess()),
      nonce: randomBytes(8).toString('hex'),
      acquired: acquired.toISOString(),
      renewed: new Date().toISOString(),
      ...(this.#site === undefined ? {} : { dir: this.#site.dir }),
    };
    return writeBlob(this.#repository, Buffer.from(`${JSON.stringify(owner, null, 2)}\n`));
  }

  #hold({ deployment, target }: TargetRef, first: string, by: Person, acquired: Date): Lock {
    const ref = lockRef({ deployment, target });
    let current = first;
    let seenAt = performance.now();
    const lost = new AbortController();
    let work: Promise<void> = Promise.resolve();
    let looking: Promise<void> | undefined;
    const renew = async (): Promise<void> => {
      const next = await this.#write(by, acquired);
      if (await this.#refs.update([{ ref, from: current, to: next }], { patience: 'outcome' })) {
        current = next;
        seenAt = performance.now();
      } else lost.abort();
    };
    const look = async (): Promise<void> => {
      const now = (await this.#refs.look([ref])).get(ref);
      if (now === current) seenAt = performance.now();
      else lost.abort();
    };
    const timer = setInterval(() => {
      work = work.then(renew).catch(() => {
        // The remote may come back before anybody else may have the lock; until then it is ours.
        if (performance.now() - seenAt > GIVEN_UP) lost.abort();
      });
    }, RENEWAL);
    timer.unref();
    const end = async (): Promise<RefUpdate> => {
      clearInterval(timer);
      await work;
      return { ref, from: current, to: undefined };
    };
    return {
      lost: lost.signal,
      async check() {
        if (!lost.signal.aborted && performance.now() - seenAt > FRESH) {
          looking ??= work.then(look).finally(() => {
            looking = undefined;
          });
          await looking.catch((error: unknown) => {
            // A remote that can't be asked has given it to nobody else yet.
            if (performance.now() - seenAt > GIVEN_UP) throw error;
          });
        }
        if (lost.signal.aborted) throw lockLost({ deployment, target });
      },
      end,
      release: async () => {
        await this.#refs.update([await end()], { patience: 'outcome' });
      },
    };
  }
}

function locked({ deployment, target }: TargetRef, owner: LockOwner): AtmosError {
  return new AtmosError(`${deployment}/${target} is being deployed by ${owner.by.email} on ${owner.host} since ${owner.acquired}`, {
    kind: 'refused',
    code: 'locked',
    hint: `wait for it: --lock-timeout 20m   (a lock that is not renewed for ${EXPIRY / 60_000} minutes is taken over); or remove it: atmos-deployment unlock ${deployment} --target ${target} --force`,
  });
}

/** What ends a command whose lock somebody else has. */
export function lockLost({ deployment, target }: TargetRef): AtmosError {
  return new AtmosError(`lost the lock of ${deployment}/${target}: another command took it over; nothing was recorded`, {
    kind: 'failed',
    code: 'lock-lost',
    hint: `see what runs there: atmos-deployment status ${deployment}`,
  });
}
