import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../digest.ts';
import { isMissing, isUnwritable } from '../errors.ts';
import { formatProcess, isGone, parseProcess, thisProcess } from '../process.ts';
import { awaitOthers } from './alone.ts';
import { checkoutPath } from './checkout.ts';
import { Contents } from './contents.ts';
import { Results } from './results.ts';

/** What the two faces of a store share. */
export class Shared {
  readonly dir: string;
  readonly kept: Contents;
  readonly ephemeral: Contents;
  readonly results: Results;
  readonly checkouts = new Map<Digest, Promise<string>>();
  readonly ephemeralTrees = new Set<Digest>();
  readonly #own: string;
  #made: Promise<string> | undefined;

  constructor(dir: string) {
    this.dir = dir;
    this.#own = join(dir, 'tmp', formatProcess(thisProcess()), randomBytes(4).toString('hex'));
    const temporary = (): Promise<string> => this.ownDirectory();
    this.kept = new Contents(join(dir, 'objects'), temporary);
    this.ephemeral = new Contents(join(this.#own, 'objects'), temporary);
    this.results = new Results(join(dir, 'results'), temporary);
  }

  /** A directory of this store's own, made when it is first asked for; what processes left that are gone is removed then. */
  ownDirectory(): Promise<string> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make(): Promise<string> {
    await mkdir(this.#own, { recursive: true });
    await awaitOthers(this.dir);
    await this.sweep();
    return this.#own;
  }

  /** From here on nothing is dropped by another process. Where nothing can be written, nothing can be dropped either. */
  async claim(): Promise<void> {
    try {
      await this.ownDirectory();
    } catch (error) {
      if (!isUnwritable(error)) throw error;
    }
  }

  async sweep(): Promise<void> {
    const root = join(this.dir, 'tmp');
    for (const name of await readdir(root).catch(none)) {
      const owner = parseProcess(name);
      if (owner !== undefined && isGone(owner)) await rm(join(root, name), { recursive: true, force: true });
    }
  }

  /** Where a tree is checked out: with the others, or with what is this process's own. */
  checkoutPath(digest: Digest): string {
    return checkoutPath(this.ephemeralTrees.has(digest) ? this.#own : this.dir, digest);
  }

  async close(): Promise<void> {
    if (this.#made === undefined) return;
    await this.#made;
    this.#made = undefined;
    await rm(this.#own, { recursive: true, force: true });
    // Another store of this process may still have something there.
    await rmdir(dirname(this.#own)).catch(() => undefined);
  }
}

function none(error: unknown): readonly string[] {
  if (isMissing(error)) return [];
  throw error;
}
