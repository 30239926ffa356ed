import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, isMissing, isUnwritable } from '../base/errors.ts';
import { formatProcess, type ProcessIdentity, parseProcess, thisProcess } from '../base/process.ts';
import type { Digest } from '../content/digest.ts';
import type { Liveness } from './liveness.ts';
import { placeIn, putInPlace, storedIn } from './walk.ts';

/** The lease to make what a key stands for: ours, until `end` is called; or another process's. */
export type Lease = { readonly end: () => void } | { readonly of: ProcessIdentity };

/**
 * One key in flight once among the processes of a machine: whoever is to make its result has a file under its name in `turns/`, which holds the
 * process. It appears there whole (it is a link), and what a process that is gone has left stands for nothing.
 */
export class Leases {
  readonly #dir: string;
  readonly #temporary: () => Promise<string>;
  readonly #liveness: Liveness;
  #count = 0;
  constructor(dir: string, temporary: () => Promise<string>, liveness: Liveness) {
    this.#dir = dir;
    this.#temporary = temporary;
    this.#liveness = liveness;
  }

  /** Where nothing can be written, each has a lease of its own. */
  async take(key: Digest): Promise<Lease> {
    const path = placeIn(this.#dir, key);
    try {
      const own = await this.#file();
      try {
        for (;;) {
          if (isLinked(own, path)) return { end: () => rmSync(path, { force: true }) };
          const owner = ownerOf(path);
          if (owner !== undefined && !this.#liveness.isGone(owner)) return { of: owner };
          this.#clear(path, await this.#temporary());
        }
      } finally {
        rmSync(own, { force: true });
      }
    } catch (error) {
      if (isUnwritable(error)) return { end: () => undefined };
      throw error;
    }
  }

  /** A file of our own with our name, which is linked to where it counts. */
  async #file(): Promise<string> {
    this.#count += 1;
    const name = `lease-${this.#count}`;
    const path = join(await this.#temporary(), name);
    writeFileSync(path, formatProcess(thisProcess()));
    return path;
  }

  /** Takes away what a process that is gone has left. Of several that try, one moves it; what another has put there meanwhile is put back. */
  #clear(path: string, temporary: string): void {
    this.#count += 1;
    const moved = join(temporary, `lease-${this.#count}`);
    try {
      renameSync(path, moved);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const owner = ownerOf(moved);
    if (owner !== undefined && !this.#liveness.isGone(owner)) isLinked(moved, path);
    rmSync(moved, { force: true });
  }
}

/** Removes the leases of processes that are gone. */
export function sweepLeases(dir: string, liveness: Liveness): void {
  for (const { path } of storedIn(dir, 'turns')) {
    const owner = ownerOf(path);
    if (owner !== undefined && liveness.isGone(owner)) rmSync(path, { force: true });
  }
}

function isLinked(from: string, path: string): boolean {
  try {
    putInPlace(path, () => linkSync(from, path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(path: string): ProcessIdentity | undefined {
  try {
    return parseProcess(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
