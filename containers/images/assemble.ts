import type { Readable } from 'node:stream';
import {
  type ComputeFunction,
  type ComputeIo,
  canonicalJson,
  type Json,
  makeTree,
  overlay,
  packTree,
  type ReadContent,
  type Store,
  TREE_TIME,
  type Tree,
} from '../../engine/index.ts';
import { hashStream } from './hash.ts';
import { CONFIG, imageDigest, layerDir, readImageConfig } from './image.ts';

/** A layer that was made here, as a tar: `/tmp` is everybody's. */
export function packLayer(files: Tree, read: ReadContent): Readable {
  return packTree(files, read, { shared: 'tmp' });
}

/** What an image says of itself beside its files. */
export interface ImageSpec {
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  /** For people: how the new layer came about. */
  readonly history: string;
}

/** An image that another is built upon. */
interface Base {
  readonly tree: Tree;
  readonly env: readonly string[];
  readonly layers: readonly string[];
}

/**
 * Puts a tree as one layer over a base image, or over nothing: sorted, with fixed times and owners, and a canonical config, so that the same trees
 * give the same digest on every machine (an engine's own builder stamps times).
 */
export async function makeImage(
  files: Tree,
  spec: ImageSpec,
  base: Base | undefined,
  store: Pick<Store, 'put'> & { readonly read: ReadContent },
): Promise<Tree> {
  const layer = await hashStream(packLayer(files, (digest, size) => store.read(digest, size)));
  const below = base?.layers ?? [];
  const created = new Date(TREE_TIME * 1000).toISOString().replace('.000Z', 'Z');
  const config = canonicalJson({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created,
    config: {
      Env: [...(base?.env ?? []), ...spec.env],
      Entrypoint: spec.entrypoint.length === 0 ? undefined : spec.entrypoint,
      WorkingDir: spec.workdir,
      User: spec.user === '' ? undefined : spec.user,
    },
    rootfs: { type: 'layers', diff_ids: [...below, layer] },
    history: [...below, layer].map(() => ({ created, created_by: spec.history })),
  });
  const entry = { path: CONFIG, mode: '644', digest: await store.put(config), size: Buffer.byteLength(config) } as const;
  return overlay([
    ...(base === undefined ? [] : [{ at: '', tree: base.tree }]),
    { at: layerDir(below.length), tree: files },
    { at: '', tree: makeTree([entry]) },
  ]);
}

/** Assembles an image in a graph. Inputs `app` (the layer's files) and `base` (an image's tree); output `image`. Args: `ImageSpec`. */
export const assembleImage: ComputeFunction = async (args, io) => {
  const tree = io.input('base');
  const { env, layers } = readImageConfig(await io.read(imageDigest(tree)));
  const spec = args as unknown as ImageSpec & Json;
  return { image: await makeImage(io.input('app'), spec, { tree, env, layers }, storeOf(io)) };
};

function storeOf(io: ComputeIo) {
  return { read: io.open, put: async (content: Uint8Array | string) => (await io.put(content)).digest };
}
