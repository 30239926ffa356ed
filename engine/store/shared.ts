import { accessSync, constants, mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterwards, removal } from '../base/afterwards.ts';
import { errorCode, isMissing, isUnwritable } from '../base/errors.ts';
import { makePrivate } from '../base/private-directory.ts';
import { formatProcess, parseProcess, thisProcess } from '../base/process.ts';
import { removeTree } from '../base/remove.ts';
import type { Digest } from '../content/digest.ts';
import { checkoutPath, isDirectory } from './checkout.ts';
import { Contents } from './contents.ts';
import { awaitOthers } from './exclusive.ts';
import { Leases, sweepLeases } from './leases.ts';
import { Liveness } from './liveness.ts';
import { Results } from './results.ts';
import { Texts } from './texts.ts';
import { namesIn } from './walk.ts';

/** Eight hex digits that another store of this process hardly has. */
function unlikely(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/** What the two faces of a store share. */
export class Shared {
  readonly dir: string;
  readonly kept: Contents;
  readonly ephemeral: Contents;
  readonly results: Results;
  readonly texts: Texts;
  readonly leases: Leases;
  readonly liveness: Liveness;
  readonly checkouts = new Map<Digest, Promise<string>>();
  readonly ephemeralTrees = new Set<Digest>();
  readonly #own: string;
  #made: Promise<string> | undefined;
  #isSwept = true;
  #isPassing = false;
  #quiet: () => void = () => undefined;

  constructor(dir: string) {
    this.dir = dir;
    this.#own = join(dir, 'tmp', formatProcess(thisProcess()), unlikely());
    const temporary = (): Promise<string> => this.ownDirectory();
    this.liveness = new Liveness(dir);
    this.kept = new Contents(join(dir, 'objects'), temporary);
    this.ephemeral = new Contents(join(this.#own, 'objects'), temporary);
    this.results = new Results(join(dir, 'results'), temporary);
    this.texts = new Texts(join(dir, 'texts'), temporary);
    this.leases = new Leases(join(dir, 'turns'), temporary, this.liveness);
  }

  /** A directory of this store's own, made when it is first asked for; what processes left that are gone is removed then. */
  ownDirectory(): Promise<string> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make(): Promise<string> {
    makeDirectory(dirname(dirname(this.#own)));
    // What is on its way to a node, or comes from one, may be secret.
    makePrivate(dirname(this.#own));
    makeDirectory(this.#own);
    this.#quiet = this.liveness.beat(dirname(this.#own));
    await awaitOthers(this.dir, this.liveness);
    this.sweep();
    return this.#own;
  }

  /** What may be secret goes with this process, also where it is killed. */
  passing(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    afterwards(removal(resolve(this.#own)));
  }

  /** From here on nothing is dropped by another process. Where nothing can be written, nothing can be dropped either. */
  async claim(): Promise<void> {
    try {
      await this.ownDirectory();
    } catch (error) {
      if (!isUnwritable(error)) throw error;
    }
  }

  /** Removes what processes left that are gone. What they had started may write there still: that goes when this is closed, or with the next one. */
  sweep(): void {
    const root = join(this.dir, 'tmp');
    this.#isSwept = true;
    let hasGone = false;
    for (const name of namesIn(root)) {
      const owner = parseProcess(name);
      if (owner === undefined || !this.liveness.isGone(owner)) continue;
      hasGone = true;
      if (!isRemoved(join(root, name))) this.#isSwept = false;
    }
    if (hasGone) sweepLeases(this.dir, this.liveness);
  }

  /** Where a tree is checked out: with the others, or with what is this process's own. */
  checkoutPath(digest: Digest): string {
    return checkoutPath(this.ephemeralTrees.has(digest) ? this.#own : this.dir, digest);
  }

  async close(): Promise<void> {
    if (this.#made === undefined) return;
    // Whoever needed it was told that it could not be made.
    const isMade = await this.#made.then(
      () => true,
      () => false,
    );
    this.#made = undefined;
    this.#quiet();
    if (!isMade) return;
    if (!this.#isSwept) this.sweep();
    isRemoved(this.#own);
    // Another store of this process may still have something there.
    removeEmpty(dirname(this.#own));
  }
}

/** `mkdir` says of a read-only disk that there is no such directory: says what is so. */
function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    let above = dirname(dir);
    while (!isDirectory(above) && above !== dirname(above)) above = dirname(above);
    accessSync(above, constants.W_OK);
    throw error;
  }
}

/** Whether a directory could be removed: not while somebody makes files in it, or where it is owned by another user. */
function isRemoved(dir: string): boolean {
  try {
    removeTree(dir);
    return true;
  } catch (error) {
    // It is left to the next command: what is left over keeps nobody from working.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Another one may make something there just now. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!isMissing(error) && errorCode(error) !== 'ENOTEMPTY') throw error;
  }
}
