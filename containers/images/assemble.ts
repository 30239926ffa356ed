import {
  type ComputeFunction,
  canonicalJson,
  isObject,
  type Json,
  makeTree,
  packTreeBytes,
  sha256,
  TREE_TIME,
  type TreeEntry,
} from '../../engine/index.ts';

/** What an image is built upon. */
export interface BaseImage {
  /** Config digest. */
  readonly digest: string;
  /** Digests of its uncompressed layers, lowest first. */
  readonly layers: readonly string[];
  readonly env: readonly string[];
  readonly architecture: string;
}

export interface ImageSpec {
  readonly base: BaseImage;
  /** Where the tree lies in the image, without the leading `/`. */
  readonly at: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const ASSEMBLE = { name: 'image-assembly', version: 1 } as const;

/**
 * Assembles an image from a base and a tree: one layer, sorted, with fixed times and owners, and a canonical config, so that the same trees
 * give the same digest on every machine (an engine's own builder stamps times).
 * Input `app`; output `image`: `config.json` (its digest is the image's), `layer.tar`, and `image.json` with the digest.
 */
export const assembleImage: ComputeFunction = async (args, io) => {
  const spec = args as unknown as ImageSpec & Json;
  const layer = await packTreeBytes(io.input('app'), io.read, { at: spec.at });
  const config = canonicalJson(imageConfig(spec, sha256(layer)));
  const digest = sha256(config);
  const files: Record<string, Uint8Array | string> = {
    'config.json': config,
    'layer.tar': layer,
    'image.json': canonicalJson({ base: spec.base.layers, digest }),
  };
  const entries: TreeEntry[] = [];
  for (const [path, content] of Object.entries(files)) entries.push({ path, mode: '644', ...(await io.put(content)) });
  return { image: makeTree(entries) };
};

/** The config of an image (OCI image-spec v1.1, config.md) with no time but the fixed one. */
function imageConfig(spec: ImageSpec, layer: string): unknown {
  const created = new Date(TREE_TIME * 1000).toISOString().replace('.000Z', 'Z');
  const own = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
  return {
    architecture: spec.base.architecture,
    os: 'linux',
    created,
    config: {
      Env: [...spec.base.env, ...own],
      Entrypoint: spec.entrypoint,
      WorkingDir: spec.workdir,
      User: spec.user,
      Labels: spec.labels,
    },
    rootfs: { type: 'layers', diff_ids: [...spec.base.layers, layer] },
    history: [...spec.base.layers, layer].map(() => ({ created, created_by: 'atmos-deployment' })),
  };
}

/** The digest in an assembled image's `image.json`. */
export function readImageFile(text: string): { readonly digest: string; readonly base: readonly string[] } {
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || typeof value.digest !== 'string' || !Array.isArray(value.base)) throw new TypeError('not an image.json');
  return { digest: value.digest, base: value.base.map(String) };
}
