import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../digest.ts';
import { AtmosError, isMissing } from '../errors.ts';
import { formatProcess, isGone, parseProcess, thisProcess } from '../process.ts';
import { makeTree, type Tree, treeBytes } from '../tree.ts';
import { checkOut, checkoutPath, isDirectory, takeIn } from './checkout.ts';
import { Contents } from './contents.ts';
import { type NodeResult, Results } from './results.ts';

export interface Store {
  put(content: Uint8Array | string): Promise<Digest>;
  /** Takes in a file of any size. */
  putFile(path: string): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** The bytes, verified; `undefined` when there are none or they were damaged. */
  get(digest: Digest): Promise<Uint8Array | undefined>;
  putTree(tree: Tree): Promise<Digest>;
  /** @throws AtmosError `damaged-object` when it is not there. */
  tree(digest: Digest): Promise<Tree>;
  /** Takes a directory in as a tree. */
  takeIn(dir: string): Promise<Digest>;
  /** The path of a directory that holds the tree; whoever uses it only reads. Made once, kept. */
  checkOut(digest: Digest): Promise<string>;
  /** A directory of this process's own, empty; removed by `close`, or by the next process if this one is killed. */
  temporary(purpose: string): Promise<string>;
  /** What a node with that key made, if all of it is still there. */
  result(key: Digest): Promise<NodeResult | undefined>;
  remember(key: Digest, result: NodeResult): Promise<void>;
  /** A small text that was kept under a key; verified. */
  recall(key: string): Promise<string | undefined>;
  keep(key: string, text: string): Promise<void>;
  /** The same store, but what is put through it is this process's own and gone with it: for what may hold secrets. It is found through both. */
  readonly ephemeral: Store;
  /** Whether a tree was put through `ephemeral`. */
  isEphemeral(tree: Digest): boolean;
  /** Removes what processes that are gone have left. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store in `dir`, made if it is not there. */
export function openStore(dir: string): Store {
  return new DiskStore(new Shared(dir), false);
}

/** What the two faces of a store share. */
class Shared {
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
    await this.sweep();
    return this.#own;
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

class DiskStore implements Store {
  readonly #shared: Shared;
  readonly #isEphemeral: boolean;
  readonly #contents: Contents;

  constructor(shared: Shared, isEphemeral: boolean) {
    this.#shared = shared;
    this.#isEphemeral = isEphemeral;
    this.#contents = isEphemeral ? shared.ephemeral : shared.kept;
  }

  get ephemeral(): Store {
    return new DiskStore(this.#shared, true);
  }

  isEphemeral(tree: Digest): boolean {
    return this.#shared.ephemeralTrees.has(tree);
  }

  async put(content: Uint8Array | string): Promise<Digest> {
    return this.#contents.put(content);
  }

  async putFile(path: string): Promise<{ digest: Digest; size: number }> {
    const { size } = await stat(path);
    return { digest: await this.#contents.putFile(path, size), size };
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#find().get(digest);
  }

  /** Looks through what is kept, then through what is this process's own. */
  #find(): Pick<Contents, 'get' | 'has' | 'writeTo'> {
    const { kept, ephemeral } = this.#shared;
    return {
      get: (digest) => kept.get(digest) ?? ephemeral.get(digest),
      has: (digest, size) => kept.has(digest, size) || ephemeral.has(digest, size),
      writeTo: (digest, size, path) => (ephemeral.has(digest, size) ? ephemeral : kept).writeTo(digest, size, path),
    };
  }

  async putTree(tree: Tree): Promise<Digest> {
    const digest = await this.#contents.put(treeBytes(tree));
    // A tree that is kept as well holds nothing that must go.
    if (this.#isEphemeral && this.#shared.kept.get(digest) === undefined) this.#shared.ephemeralTrees.add(digest);
    return digest;
  }

  async tree(digest: Digest): Promise<Tree> {
    const tree = await this.#findTree(digest);
    if (tree === undefined) {
      throw new AtmosError(`tree ${digest} is missing from the cache, or was damaged and has been dropped`, {
        kind: 'failed',
        code: 'damaged-object',
        hint: 'run the command again: the node that makes it will run again',
      });
    }
    return tree;
  }

  async #findTree(digest: Digest): Promise<Tree | undefined> {
    const bytes = await this.get(digest);
    if (bytes === undefined) return undefined;
    // Written by putTree and verified by its digest.
    return makeTree((JSON.parse(Buffer.from(bytes).toString('utf8')) as Tree).entries);
  }

  async takeIn(dir: string): Promise<Digest> {
    return this.putTree(await takeIn(dir, this.#contents));
  }

  checkOut(digest: Digest): Promise<string> {
    const { checkouts } = this.#shared;
    let path = checkouts.get(digest);
    if (path === undefined) {
      path = this.#checkOut(digest);
      checkouts.set(digest, path);
      path.catch(() => checkouts.delete(digest));
    }
    return path;
  }

  async #checkOut(digest: Digest): Promise<string> {
    const target = this.#shared.checkoutPath(digest);
    if (!isDirectory(target)) {
      await checkOut(await this.tree(digest), this.#find(), target, await this.temporary('checkout'));
    }
    return target;
  }

  async temporary(purpose: string): Promise<string> {
    const dir = join(await this.#shared.ownDirectory(), `${purpose}-${randomBytes(6).toString('hex')}`);
    mkdirSync(dir);
    return dir;
  }

  async result(key: Digest): Promise<NodeResult | undefined> {
    const result = await this.#shared.results.get(key);
    if (result === undefined) return undefined;
    const whole = await Promise.all(Object.values(result.outputs).map((tree) => this.#isWhole(tree)));
    return whole.every(Boolean) ? result : undefined;
  }

  async #isWhole(digest: Digest): Promise<boolean> {
    const tree = await this.#findTree(digest);
    if (tree === undefined) return false;
    for (const entry of tree.entries) {
      if (!this.#shared.kept.has(entry.digest, entry.size)) return false;
    }
    return true;
  }

  remember(key: Digest, result: NodeResult): Promise<void> {
    return this.#shared.results.put(key, result);
  }

  recall(key: string): Promise<string | undefined> {
    return this.#shared.results.recall(key);
  }

  keep(key: string, text: string): Promise<void> {
    return this.#shared.results.keep(key, text);
  }

  sweep(): Promise<void> {
    return this.#shared.sweep();
  }

  close(): Promise<void> {
    return this.#shared.close();
  }
}
