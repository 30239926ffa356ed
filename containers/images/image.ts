import {
  AtmosError,
  type Digest,
  isObject,
  jsonDigest,
  overlay,
  type Store,
  subtree,
  type Tree,
  type TreeEntry,
} from '../../engine/index.ts';

/**
 * An image as one tree: `config.json` (OCI image-spec v1.1, config.md), whose digest is the image's, and its layers, lowest first. Of a layer that we made
 * there are the files, below `rootfs/<n>`: its tar is made again from them whenever it is asked for, and has the digest that the config says. Of one
 * that was pulled there is the tar, `layers/<n>.tar`, which nobody could make again.
 */
export const CONFIG = 'config.json';

/** Where a layer's files lie in an image's tree. */
export function layerDir(index: number): string {
  return `rootfs/${index}`;
}

/** The image's digest (the image ID). @throws TypeError when the tree is no image. */
export function imageDigest(image: Tree): Digest {
  const entry = image.entries.find(({ path }) => path === CONFIG);
  if (entry === undefined) throw new TypeError('not an image');
  return entry.digest;
}

/** What of an image's config matters here. */
export interface ImageConfig {
  readonly architecture: string;
  readonly env: readonly string[];
  /** Digests of the uncompressed layers, lowest first. */
  readonly layers: readonly string[];
}

/** @throws AtmosError `invalid-image` */
export function readImageConfig(bytes: Uint8Array): ImageConfig {
  const config = parsed(bytes);
  if (!isObject(config) || !isObject(config.rootfs) || !Array.isArray(config.rootfs.diff_ids)) {
    throw new AtmosError('unsupported image config format', { kind: 'failed', code: 'invalid-image' });
  }
  const env = isObject(config.config) && Array.isArray(config.config.Env) ? config.config.Env : [];
  return { architecture: String(config.architecture), env: env.map(String), layers: config.rootfs.diff_ids.map(String) };
}

/** Reads an image's config from the store. @throws Error when its content is gone. */
export async function imageConfig(image: Tree, store: Store): Promise<ImageConfig> {
  const bytes = await store.get(imageDigest(image));
  if (bytes === undefined) throw new Error(`the config of image ${imageDigest(image)} is missing from the cache`);
  return readImageConfig(bytes);
}

/** Where the tar of a layer that was pulled lies in an image's tree. */
export function layerTar(index: number): string {
  return `layers/${index}.tar`;
}

/** The tar of a layer that was pulled; `undefined` for one that we made. */
export function pulledLayer(image: Tree, index: number): TreeEntry | undefined {
  return image.entries.find(({ path }) => path === layerTar(index));
}

/** The key under which a store keeps the root file system that some layers make. */
export function layersKey(layers: readonly string[]): Digest {
  return jsonDigest({ layers, format: 1 });
}

/**
 * The layers laid over one another: the root file system that a container sees. What pulled layers make was found when they were pulled.
 * @throws Error when that is gone
 */
export async function rootfs(image: Tree, layers: readonly string[], store: Store): Promise<Tree> {
  const pulled = layers.filter((_, index) => pulledLayer(image, index) !== undefined);
  const known = pulled.length === 0 ? undefined : (await store.result(layersKey(pulled)))?.outputs.rootfs;
  if (pulled.length > 0 && known === undefined) throw new Error(`the base of image ${imageDigest(image)} is missing from the cache`);
  const base = known === undefined ? [] : [{ at: '', tree: await store.tree(known) }];
  return overlay([...base, ...layers.map((_, index) => ({ at: '', tree: subtree(image, layerDir(index)) }))]);
}

/** `undefined` for what is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
