import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import { parseTree, type Tree, treeBytes } from '../content/tree.ts';
import { checkOut, isDirectory, moveAway } from './checkout.ts';
import { type Contents, damaged, STREAM_ABOVE } from './contents.ts';
import { exclusive } from './exclusive.ts';
import { ingest } from './ingest.ts';
import { type StoreCheck, type StoreStats, stats, verify } from './inspect.ts';
import { isIntact } from './intact.ts';
import type { Lease } from './leases.ts';
import { type PruneAnswer, type PruneRequest, prune } from './prune.ts';
import type { NodeResult } from './results.ts';
import { Shared } from './shared.ts';

export interface Store {
  /** Where it lies: an absolute path. */
  readonly dir: string;
  put(content: Uint8Array | string): Promise<Digest>;
  /** Takes in a file of any size. */
  putFile(path: string): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** The bytes, verified; `undefined` when there are none or they were damaged. */
  get(digest: Digest): Promise<Uint8Array | undefined>;
  /** A file's bytes, whole or, above a few MiB, bit by bit; verified. @throws AtmosError `damaged-object` when they are missing or damaged */
  read(digest: Digest, size: number): Promise<Uint8Array | AsyncIterable<Uint8Array>>;
  putTree(tree: Tree): Promise<Digest>;
  /** @throws AtmosError `damaged-object` when it is not there. */
  tree(digest: Digest): Promise<Tree>;
  /** Takes a directory in as a tree. */
  ingest(dir: string): Promise<Digest>;
  /** The path of a directory that holds the tree; whoever uses it only reads. Made once, kept. */
  checkOut(digest: Digest): Promise<string>;
  /** A directory of this process's own, empty; removed by `close`, or by the next process if this one is killed. */
  temporary(purpose: string): Promise<string>;
  /** What a node with that key made, if all of it is still there. */
  result(key: Digest): Promise<NodeResult | undefined>;
  remember(key: Digest, result: NodeResult): Promise<void>;
  /** The lease to make what a key stands for, among the processes of this machine: each is made by one at a time. */
  lease(key: Digest): Promise<Lease>;
  /** A small text that was kept under a key; verified. */
  recall(key: string): Promise<string | undefined>;
  keep(key: string, text: string): Promise<void>;
  /** A small text that was made of some content, for a purpose; verified. */
  recallOf(purpose: string, content: Uint8Array): string | undefined;
  keepOf(purpose: string, content: Uint8Array, text: string): Promise<void>;
  /**
   * The same store, but what is put through it is this process's own and gone with it, however it ends: for what may hold secrets. It is found through
   * both.
   */
  readonly ephemeral: Store;
  /** Whether a tree was put through `ephemeral`. */
  isEphemeral(tree: Digest): boolean;
  /** Counts what it holds. */
  stats(): StoreStats;
  /** Reads everything that it holds, and drops what is damaged. */
  verify(): StoreCheck;
  /** Drops what is old or too much, and what nothing needs. @throws AtmosError `cache-in-use` while another process uses it */
  prune(request: PruneRequest): Promise<PruneAnswer>;
  /** Removes what processes that are gone have left. */
  sweep(): void;
  close(): Promise<void>;
}

/** Opens the store in `dir`, made if it is not there. */
export function openStore(dir: string): Store {
  return new DiskStore(new Shared(dir), false);
}

class DiskStore implements Store {
  readonly #shared: Shared;
  readonly #isEphemeral: boolean;
  readonly #contents: Contents;

  constructor(shared: Shared, isEphemeral: boolean) {
    this.#shared = shared;
    this.#isEphemeral = isEphemeral;
    this.#contents = isEphemeral ? shared.ephemeral : shared.kept;
    if (isEphemeral) shared.passing();
  }

  get dir(): string {
    return this.#shared.dir;
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

  async read(digest: Digest, size: number): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const contents = this.#find();
    if (size > STREAM_ABOVE) return contents.stream(digest);
    const bytes = contents.get(digest);
    if (bytes === undefined) throw damaged(digest);
    return bytes;
  }

  /** Looks through what is kept, then through what is this process's own. */
  #find(): Pick<Contents, 'get' | 'text' | 'has' | 'stream' | 'writeTo'> {
    const { kept, ephemeral } = this.#shared;
    return {
      get: (digest) => kept.get(digest) ?? ephemeral.get(digest),
      text: (digest) => kept.text(digest) ?? ephemeral.text(digest),
      has: (digest, size) => kept.has(digest, size) || ephemeral.has(digest, size),
      stream: (digest) => (kept.holds(digest) ? kept : ephemeral).stream(digest),
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
        hint: 'rerun: the node that makes it will run again',
      });
    }
    return tree;
  }

  async #findTree(digest: Digest): Promise<Tree | undefined> {
    const text = this.#find().text(digest);
    // Written by putTree and verified by its digest.
    return text === undefined ? undefined : parseTree(text);
  }

  async ingest(dir: string): Promise<Digest> {
    return this.putTree(await ingest(dir, this.#contents));
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
    const tree = await this.tree(digest);
    if (isDirectory(target)) {
      if (await isIntact(tree, target)) return target;
      // Whoever uses it may go on with what there was.
      moveAway(target, await this.temporary('damaged'));
    }
    await checkOut(tree, this.#find(), target, await this.temporary('checkout'));
    return target;
  }

  async temporary(purpose: string): Promise<string> {
    const dir = join(await this.#shared.ownDirectory(), `${purpose}-${randomBytes(6).toString('hex')}`);
    mkdirSync(dir);
    return dir;
  }

  async result(key: Digest): Promise<NodeResult | undefined> {
    await this.#shared.claim();
    const result = await this.#shared.results.get(key);
    if (result === undefined) return undefined;
    return Object.values(result.outputs).every((tree) => this.#isWhole(tree)) ? result : undefined;
  }

  #isWhole(digest: Digest): boolean {
    const text = this.#find().text(digest);
    if (text === undefined) return false;
    for (const entry of parseTree(text).entries) {
      if (!this.#shared.kept.has(entry.digest, entry.size)) return false;
    }
    return true;
  }

  remember(key: Digest, result: NodeResult): Promise<void> {
    return this.#shared.results.put(key, result);
  }

  lease(key: Digest): Promise<Lease> {
    return this.#shared.leases.take(key);
  }

  recall(key: string): Promise<string | undefined> {
    return this.#shared.results.recall(key);
  }

  keep(key: string, text: string): Promise<void> {
    return this.#shared.results.keep(key, text);
  }

  recallOf(purpose: string, content: Uint8Array): string | undefined {
    return this.#shared.texts.find(purpose, content);
  }

  keepOf(purpose: string, content: Uint8Array, text: string): Promise<void> {
    return this.#shared.texts.keep(purpose, content, text);
  }

  stats(): StoreStats {
    return stats(this.#shared.dir);
  }

  verify(): StoreCheck {
    return verify(this.#shared.dir);
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    await this.#shared.ownDirectory();
    return exclusive(this.#shared.dir, this.#shared.liveness, () => prune(this.#shared.dir, request));
  }

  sweep(): void {
    this.#shared.sweep();
  }

  close(): Promise<void> {
    return this.#shared.close();
  }
}
