import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { RemoteSettings } from '../config/index.ts';
import { treeOfTar } from '../containers/index.ts';
import {
  AtmosError,
  asDigest,
  canonicalJson,
  type Digest,
  hex,
  isDigest,
  isObject,
  type NodeResult,
  packTree,
  type ReadContent,
  type RemoteCache,
  type Store,
} from '../engine/index.ts';
import { credentialsOf, type Descriptor, type ImageManifest, MEDIA, Registry, RegistryError, readManifest } from '../oci/index.ts';
import { placeOf, secretOf, signature } from './place.ts';

const ARTIFACT = 'application/vnd.atmos.node.v1+json';
const CONFIG = 'application/vnd.atmos.node.config.v1+json';
const LAYER = 'application/vnd.atmos.tree.v1.tar+gzip';
const SIGNATURE = 'dev.atmos.signature';

/** Milliseconds for one request, and for one tree: a cache that takes longer is no use. */
const TIMEOUT = { timeout: 5_000, blobTimeout: 120_000 } as const;
/** How many results are given to the registry at once. */
const AT_ONCE = 4;

/** What a node made, as the config blob of its artifact says it: canonical JSON. */
interface Record {
  readonly key: Digest;
  readonly exitCode: number;
  readonly outputs: Readonly<{ [name: string]: Digest }>;
}

/**
 * Node results in a repository of an OCI registry: one artifact a key, its tag the key's digits, its config the result, its layers the trees. Whatever
 * goes wrong is told once, and slows a run at most. An interrupt ends what is under way.
 * @throws AtmosError `invalid` for a place that is none, and where results are to be signed and there is no key
 */
export function openRemoteCache(
  settings: RemoteSettings,
  store: Store,
  warn: (message: string) => void,
  interrupt: AbortSignal,
): RemoteCache {
  return new OciCache(settings, store, warn, interrupt);
}

class OciCache implements RemoteCache {
  readonly #registry: Registry;
  readonly #store: Store;
  readonly #settings: RemoteSettings;
  readonly #secret: string | undefined;
  readonly #warn: (message: string) => void;
  readonly #interrupt: AbortSignal;
  readonly #giving = new Set<Promise<void>>();
  readonly #waiting: (() => Promise<void>)[] = [];
  /** What is not tried any more: after a failure it would fail again, and each try takes its time. */
  readonly #off = { find: false, offer: false };

  constructor(settings: RemoteSettings, store: Store, warn: (message: string) => void, interrupt: AbortSignal) {
    this.#settings = settings;
    this.#interrupt = interrupt;
    this.#store = store;
    this.#warn = warn;
    this.#secret = secretOf(settings.signingKey);
    this.#off.offer = settings.mode === 'read-only';
    const place = placeOf(settings.url);
    this.#registry = new Registry(place.registry, place.repository, {
      ...TIMEOUT,
      retries: 1,
      signal: interrupt,
      credentials: () => credentialsOf(place.registry),
    });
  }

  async find(key: Digest, fits: (result: NodeResult) => boolean): Promise<NodeResult | undefined> {
    if (this.#off.find) return undefined;
    try {
      return await this.#fetch(key, fits);
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'not-found') return undefined;
      // Bad content is one result's affair; a registry that does not answer is everybody's.
      if (isBad(error)) this.#warn(`a result in the remote cache can't be used: ${error.message}`);
      else this.#fail('find', error);
      return undefined;
    }
  }

  offer(key: Digest, result: NodeResult): void {
    if (this.#off.offer) return;
    this.#waiting.push(() => this.#give(key, result));
    this.#next();
  }

  async close(): Promise<void> {
    while (this.#giving.size > 0) await Promise.all(this.#giving);
  }

  #next(): void {
    while (this.#giving.size < AT_ONCE) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      const giving = (this.#off.offer ? Promise.resolve() : work())
        .catch((error: unknown) => this.#fail('offer', error))
        .finally(() => {
          this.#giving.delete(giving);
          this.#next();
        });
      this.#giving.add(giving);
    }
  }

  async #fetch(key: Digest, fits: (result: NodeResult) => boolean): Promise<NodeResult> {
    const { bytes } = await this.#registry.manifest(tagOf(key));
    const { record, layers } = await this.#read(bytes, key);
    const result = { exitCode: record.exitCode, outputs: record.outputs };
    if (!fits(result)) throw mismatched(`${key}: no result that this node can have`);
    const dir = await this.#store.temporary('remote');
    try {
      for (const [index, [name, digest]] of Object.entries(record.outputs).entries()) {
        const layer = layers[index];
        if (layer === undefined) throw mismatched(`${key}: its output ${name} is missing`);
        const path = join(dir, String(index));
        await this.#registry.download(layer, path);
        const unzip = createGunzip();
        const [tree] = await Promise.all([treeOfTar(unzip, this.#store), pipeline(createReadStream(path), unzip)]);
        if ((await this.#store.putTree(tree)) !== digest) throw mismatched(`${key}: its output ${name} is another tree`);
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
    await this.#store.remember(key, result);
    return result;
  }

  async #read(bytes: Uint8Array, key: Digest): Promise<{ record: Record; layers: readonly Descriptor[] }> {
    const manifest = readManifest(bytes);
    if (manifest.kind !== 'manifest') throw mismatched(`${key}: no result of a node`);
    const config = await this.#registry.blob(manifest.config);
    this.#verify(key, config, annotationsIn(bytes));
    const record: unknown = JSON.parse(Buffer.from(config).toString('utf8'));
    if (!isRecord(record) || record.key !== key) throw mismatched(`${key}: the result of another node`);
    return { record, layers: manifest.layers };
  }

  #verify(key: Digest, config: Uint8Array, annotations: unknown): void {
    if (this.#secret === undefined) return;
    const found = isObject(annotations) ? Buffer.from(String(annotations[SIGNATURE]), 'hex') : Buffer.alloc(0);
    const wanted = Buffer.from(signature(this.#secret, config), 'hex');
    if (found.length !== wanted.length || !timingSafeEqual(found, wanted))
      throw mismatched(`${key}: it is not signed with ${this.#settings.signingKey}`);
  }

  async #give(key: Digest, { exitCode, outputs }: NodeResult): Promise<void> {
    const names = Object.keys(outputs).sort();
    const sorted = Object.fromEntries(names.map((name) => [name, outputs[name]]));
    const config = Buffer.from(canonicalJson({ key, exitCode, outputs: sorted }));
    const layers: Descriptor[] = [];
    for (const name of names) layers.push(await this.#giveTree(asDigest(String(outputs[name]))));
    const manifest: ImageManifest = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType: ARTIFACT,
      config: { ...(await this.#registry.putBlob(config)), mediaType: CONFIG },
      layers,
      ...(this.#secret === undefined ? {} : { annotations: { [SIGNATURE]: signature(this.#secret, config) } }),
    };
    await this.#registry.putManifest(tagOf(key), Buffer.from(canonicalJson(manifest)), MEDIA.manifest);
  }

  async #giveTree(digest: Digest): Promise<Descriptor> {
    const dir = await this.#store.temporary('remote');
    try {
      const path = join(dir, 'tree');
      const read: ReadContent = (content, size) => this.#store.read(content, size);
      await pipeline(packTree(await this.#store.tree(digest), read), createGzip({ level: 1 }), createWriteStream(path));
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), hash);
      const descriptor = { mediaType: LAYER, digest: `sha256:${hash.digest('hex')}`, size: (await stat(path)).size };
      await this.#registry.putFile(descriptor, path);
      return descriptor;
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  /** Told once, and not tried again. */
  #fail(what: 'find' | 'offer', error: unknown): void {
    if (this.#off[what]) return;
    this.#off[what] = true;
    // Nobody there is nobody to give to.
    if (error instanceof RegistryError && error.code === 'unreachable') this.#off.find = this.#off.offer = true;
    // Whoever interrupts knows why.
    if (this.#interrupt.aborted) return;
    const said = error instanceof Error ? error.message : String(error);
    this.#warn(`remote cache disabled for this command: cannot ${what === 'find' ? 'read' : 'write'}: ${said}`);
  }
}

function annotationsIn(manifest: Uint8Array): unknown {
  return (JSON.parse(Buffer.from(manifest).toString('utf8')) as { readonly annotations?: unknown }).annotations;
}

/** A key's digits are a tag of their own form, so that no image is taken for one. */
function tagOf(key: Digest): string {
  return `node-${hex(key)}`;
}

function isRecord(value: unknown): value is Record {
  return isObject(value) && typeof value.exitCode === 'number' && isObject(value.outputs) && Object.values(value.outputs).every(isDigest);
}

function mismatched(what: string): RegistryError {
  return new RegistryError('mismatched', what);
}

/** Content that is not what it should be. */
function isBad(error: unknown): error is Error {
  if (error instanceof RegistryError) return error.code === 'mismatched';
  if (error instanceof AtmosError) return error.code === 'unsafe-layer' || error.code === 'invalid-layer';
  return error instanceof SyntaxError || (error instanceof Error && (error as NodeJS.ErrnoException).code?.startsWith('Z_') === true);
}
