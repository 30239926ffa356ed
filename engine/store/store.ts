import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../digest.ts';
import { AtmosError } from '../errors.ts';
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
  close(): Promise<void>;
}

/** Opens the store in `dir`, made if it is not there. */
export function openStore(dir: string): Store {
  return new DiskStore(dir);
}

class DiskStore implements Store {
  readonly #dir: string;
  readonly #contents: Contents;
  readonly #results: Results;
  readonly #checkouts = new Map<Digest, Promise<string>>();
  #temporary: Promise<string> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    const temporary = (): Promise<string> => this.#ownDirectory();
    this.#contents = new Contents(join(dir, 'objects'), temporary);
    this.#results = new Results(join(dir, 'results'), temporary);
  }

  put(content: Uint8Array | string): Promise<Digest> {
    return this.#contents.put(content);
  }

  async putFile(path: string): Promise<{ digest: Digest; size: number }> {
    const { size } = await stat(path);
    return { digest: await this.#contents.putFile(path, size), size };
  }

  get(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#contents.get(digest);
  }

  putTree(tree: Tree): Promise<Digest> {
    return this.#contents.put(treeBytes(tree));
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
    const bytes = await this.#contents.get(digest);
    if (bytes === undefined) return undefined;
    // Written by putTree and verified by its digest.
    return makeTree((JSON.parse(Buffer.from(bytes).toString('utf8')) as Tree).entries);
  }

  async takeIn(dir: string): Promise<Digest> {
    return this.putTree(await takeIn(dir, this.#contents));
  }

  checkOut(digest: Digest): Promise<string> {
    let path = this.#checkouts.get(digest);
    if (path === undefined) {
      path = this.#checkOut(digest);
      this.#checkouts.set(digest, path);
      path.catch(() => this.#checkouts.delete(digest));
    }
    return path;
  }

  async #checkOut(digest: Digest): Promise<string> {
    const target = checkoutPath(this.#dir, digest);
    if (!(await isDirectory(target))) {
      await checkOut(await this.tree(digest), this.#contents, target, await this.temporary('checkout'));
    }
    return target;
  }

  async temporary(purpose: string): Promise<string> {
    const dir = join(await this.#ownDirectory(), `${purpose}-${randomBytes(6).toString('hex')}`);
    await mkdir(dir);
    return dir;
  }

  #ownDirectory(): Promise<string> {
    this.#temporary ??= this.#makeTemporary();
    return this.#temporary;
  }

  async #makeTemporary(): Promise<string> {
    const root = join(this.#dir, 'tmp');
    const own = join(root, formatProcess(thisProcess()));
    await mkdir(own, { recursive: true });
    for (const name of await readdir(root)) {
      const owner = parseProcess(name);
      if (owner !== undefined && isGone(owner)) await rm(join(root, name), { recursive: true, force: true });
    }
    return own;
  }

  async result(key: Digest): Promise<NodeResult | undefined> {
    const result = await this.#results.get(key);
    if (result === undefined) return undefined;
    const whole = await Promise.all(Object.values(result.outputs).map((tree) => this.#isWhole(tree)));
    return whole.every(Boolean) ? result : undefined;
  }

  async #isWhole(digest: Digest): Promise<boolean> {
    const tree = await this.#findTree(digest);
    if (tree === undefined) return false;
    for (const entry of tree.entries) {
      if (!(await this.#contents.has(entry.digest, entry.size))) return false;
    }
    return true;
  }

  remember(key: Digest, result: NodeResult): Promise<void> {
    return this.#results.put(key, result);
  }

  recall(key: string): Promise<string | undefined> {
    return this.#results.recall(key);
  }

  keep(key: string, text: string): Promise<void> {
    return this.#results.keep(key, text);
  }

  async close(): Promise<void> {
    if (this.#temporary === undefined) return;
    const own = await this.#temporary;
    this.#temporary = undefined;
    await rm(own, { recursive: true, force: true });
  }
}
