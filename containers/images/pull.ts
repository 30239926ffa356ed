import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, asDigest, type Digest, makeTree, type Store, type Tree, type TreeEntry } from '../../engine/index.ts';
import { credentialsOf, type Descriptor, type Manifest, parseReference, Registry, RegistryError, readManifest } from '../../oci/index.ts';
import { hashStream } from './hash.ts';
import { CONFIG, layerTar, readImageConfig } from './image.ts';
import { RootFs } from './layers.ts';
import { decompress, readLayer } from './unpack.ts';

/** An image as its registry has it. */
export interface Published {
  /** Digest of the manifest, or of the list of manifests, that the reference names. */
  readonly manifest: Digest;
  /** Its config's digest for this platform: the image ID. */
  readonly digest: Digest;
}

/** A pulled image's tree, and the root file system that its layers make. */
export interface Pulled extends Published {
  readonly image: Tree;
  readonly rootfs: Tree;
}

const PLATFORM = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
const OPTIONS = { timeout: 30_000, blobTimeout: 1_800_000, retries: 4 } as const;

/** Asks a registry what a reference names now. @throws AtmosError `registry`, `other-platform` */
export async function askFor(reference: string): Promise<Published> {
  return translated(async () => {
    const { manifest, image } = await find(reference, undefined);
    return { manifest, digest: asDigest(image.config.digest) };
  });
}

/**
 * Pulls an image for this platform; by its manifest's digest where that is known, so that it is the same whatever its tag names now.
 * @throws AtmosError `registry`, `other-platform`, `unsafe-layer`, `invalid-layer`
 */
export async function pullImage(reference: string, manifest: Digest | undefined, store: Store): Promise<Pulled> {
  return translated(async () => {
    const found = await find(reference, manifest);
    const { registry, image } = found;
    const bytes = await registry.blob(image.config);
    const config = readImageConfig(bytes);
    if (config.layers.length !== image.layers.length)
      throw new RegistryError('mismatched', `${reference}: manifest and config list different layers`);
    const digest = asDigest(image.config.digest);
    const rootfs = new RootFs();
    const entries: TreeEntry[] = [{ path: CONFIG, mode: '644', digest: await store.put(bytes), size: bytes.length }];
    const dir = await store.temporary('pull');
    try {
      for (const [index, layer] of image.layers.entries()) {
        const tar = join(dir, `${index}.tar`);
        await download(registry, layer, tar, config.layers[index] ?? '');
        rootfs.apply(await readLayer(createReadStream(tar), store));
        entries.push({ path: layerTar(index), mode: '644', ...(await store.putFile(tar)) });
        await rm(tar);
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
    return { manifest: found.manifest, digest, image: makeTree(entries), rootfs: rootfs.tree() };
  });
}

interface FoundImage {
  readonly registry: Registry;
  readonly manifest: Digest;
  readonly image: Extract<Manifest, { readonly kind: 'manifest' }>;
}

async function find(text: string, pinned: Digest | undefined): Promise<FoundImage> {
  const reference = parseReference(text);
  const registry = new Registry(reference.registry, reference.repository, {
    ...OPTIONS,
    credentials: () => credentialsOf(reference.registry),
  });
  const first = await registry.manifest(pinned ?? reference.digest ?? reference.tag);
  const manifest = asDigest(first.digest);
  let image = readManifest(first.bytes);
  if (image.kind === 'index') {
    const own = image.manifests.find(({ platform }) => platform === PLATFORM);
    if (own === undefined) {
      throw new AtmosError(`${text} is not available for ${PLATFORM}`, {
        kind: 'environment',
        code: 'other-platform',
        hint: `available platforms: ${image.manifests.map(({ platform }) => platform).join(', ')}`,
      });
    }
    image = readManifest((await registry.manifest(own.digest)).bytes);
  }
  if (image.kind === 'index') throw new RegistryError('refused', `${text}: a list of manifests in a list of manifests`);
  return { registry, manifest, image };
}

/** A layer's tar, without its compression; both are verified. */
async function download(registry: Registry, layer: Descriptor, tar: string, diffId: string): Promise<void> {
  const compressed = `${tar}.download`;
  await registry.download(layer, compressed);
  await decompress(compressed, tar);
  await rm(compressed);
  if ((await hashStream(createReadStream(tar))) !== diffId)
    throw new RegistryError('mismatched', `layer ${layer.digest} is not what the image's config says`);
}

/** What a registry refuses, as an error for the reader. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause;
    throw new AtmosError(cause.message, {
      kind: cause.code === 'invalid-reference' ? 'invalid' : 'environment',
      code: 'registry',
      hint: HINTS[cause.code],
      cause,
    });
  }
}

const HINTS: Readonly<Record<RegistryError['code'], string | undefined>> = {
  unreachable: 'check that this machine can reach the registry; for a custom CA set NODE_EXTRA_CA_CERTS=<file>',
  denied: 'log in: docker login <registry> (credential helpers are supported)',
  'not-found': 'check repository and tag',
  mismatched: 'nothing was kept; report it to the administrators of the registry',
  refused: undefined,
  'invalid-reference': 'write it as: registry.example.com/repository:tag',
};
