import { type Digest, isObject, overlay, type Store, subtree, type Tree } from '../../engine/index.ts';

/**
 * An image as one tree: `config.json` (OCI image-spec v1.1, config.md), whose digest is the image's, and each layer's files below `rootfs/<n>`,
 * lowest first. A layer's tar is made again from its files whenever it is asked for, and has the digest that the config says.
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

export function readImageConfig(bytes: Uint8Array): ImageConfig {
  const config: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!isObject(config) || !isObject(config.rootfs) || !Array.isArray(config.rootfs.diff_ids))
    throw new TypeError('not the config of an image');
  const env = isObject(config.config) && Array.isArray(config.config.Env) ? config.config.Env : [];
  return { architecture: String(config.architecture), env: env.map(String), layers: config.rootfs.diff_ids.map(String) };
}

/** Reads an image's config from the store. @throws Error when its content is gone. */
export async function imageConfig(image: Tree, store: Store): Promise<ImageConfig> {
  const bytes = await store.get(imageDigest(image));
  if (bytes === undefined) throw new Error(`the config of image ${imageDigest(image)} is missing from the cache`);
  return readImageConfig(bytes);
}

/** The layers laid over one another: the root file system that a container sees. */
export function rootfs(image: Tree, layers: number): Tree {
  return overlay(Array.from({ length: layers }, (_, index) => ({ at: '', tree: subtree(image, layerDir(index)) })));
}
