import { AtmosError, type Digest, hex, jsonDigest, type Store, type Tree } from '../../engine/index.ts';
import { imageConfig, imageDigest, layersKey, rootfs } from './image.ts';
import type { Published } from './pull.ts';
import { assembleToolchain, type Toolchain } from './toolchain.ts';

/** An image of this machine, by its trees in the store. */
export interface StoredImage {
  readonly digest: Digest;
  /** Config and layers: see `image.ts`. */
  readonly image: Digest;
  /** The root file system that a container sees. */
  readonly rootfs: Digest;
  readonly env: readonly string[];
}

/** An image that the lock file pins, and how it can be had where it is not there. */
export interface PinnedImage {
  readonly digest: Digest;
  /** Assembled from the machine's own programs, so that it can be assembled again. */
  readonly assembled: Toolchain | undefined;
  /** Where a registry has it; `undefined` for one that no registry has. */
  readonly published: { readonly reference: string; readonly manifest: Digest } | undefined;
}

/** The images on this machine, by digest: the same for every runtime. */
export interface ImageStore {
  /**
   * An image by digest. One that is not there is assembled or pulled, as its pin says; it must come out the same.
   * @throws AtmosError `no-image`, `image-differs`, `no-binary`, `registry`
   */
  get(digest: Digest): Promise<StoredImage>;
  /** Takes further pins: those of releases that ran earlier. */
  admit(pins: readonly PinnedImage[]): void;
  /** Keeps an image under its digest. */
  add(image: Tree): Promise<StoredImage>;
  /** Assembles an image from this machine's programs and keeps it. @throws AtmosError `no-binary` */
  assemble(toolchain: Toolchain): Promise<StoredImage>;
  /** Pulls an image, by its manifest's digest where that is known, and keeps it. @throws AtmosError `registry` */
  pull(reference: string, manifest: Digest | undefined): Promise<StoredImage & { readonly manifest: Digest }>;
  /** Asks a registry what a reference names now. @throws AtmosError `registry` */
  ask(reference: string): Promise<Published>;
}

/** The images in a store. `pins` are those of the lock files that matter to this run. */
export function openImages(store: Store, first: readonly PinnedImage[]): ImageStore {
  const pins = [...first];
  const loading = new Map<Digest, Promise<StoredImage>>();

  const find = async (digest: Digest): Promise<StoredImage | undefined> => {
    const known = await store.result(imageKey(digest));
    const { image, rootfs: root } = known?.outputs ?? {};
    if (image === undefined || root === undefined) return undefined;
    return { digest, image, rootfs: root, env: (await imageConfig(await store.tree(image), store)).env };
  };
  const add = async (tree: Tree): Promise<StoredImage> => {
    const digest = imageDigest(tree);
    const { env, layers } = await imageConfig(tree, store);
    const stored = { image: await store.putTree(tree), rootfs: await store.putTree(await rootfs(tree, layers, store)) };
    await store.remember(imageKey(digest), { exitCode: 0, outputs: stored });
    return { digest, env, ...stored };
  };
  const assemble = async (toolchain: Toolchain): Promise<StoredImage> => add(await assembleToolchain(toolchain, store));
  const pull = async (reference: string, manifest: Digest | undefined): Promise<StoredImage & { readonly manifest: Digest }> => {
    // Loaded when the first image is pulled.
    const { pullImage } = await import('./pull.ts');
    const pulled = await pullImage(reference, manifest, store);
    const { layers } = await imageConfig(pulled.image, store);
    await store.remember(layersKey(layers), { exitCode: 0, outputs: { rootfs: await store.putTree(pulled.rootfs) } });
    return { ...(await add(pulled.image)), manifest: pulled.manifest };
  };
  const load = async (digest: Digest): Promise<StoredImage> => {
    const found = await find(digest);
    if (found !== undefined) return found;
    const pin = pins.find((one) => one.digest === digest);
    if (pin?.published !== undefined) {
      const pulled = await pull(pin.published.reference, pin.published.manifest);
      if (pulled.digest !== digest) throw otherImage(pin.published.reference, digest, pulled.digest);
      return pulled;
    }
    const toolchain = pin?.assembled;
    if (toolchain === undefined) throw noImage(digest);
    const made = await assemble(toolchain);
    if (made.digest !== digest) throw differs(toolchain, digest, made.digest);
    return made;
  };
  return {
    get(digest) {
      const known = loading.get(digest) ?? load(digest);
      loading.set(digest, known);
      known.catch(() => loading.delete(digest));
      return known;
    },
    admit: (more) => void pins.push(...more),
    add,
    assemble,
    pull,
    ask: async (reference) => (await import('./pull.ts')).askFor(reference),
  };
}

/** The key under which a store keeps an image. */
export function imageKey(digest: Digest): Digest {
  return jsonDigest({ image: digest, format: 2 });
}

function noImage(digest: Digest): AtmosError {
  return new AtmosError(`image ${digest} is not on this machine`, {
    kind: 'environment',
    code: 'no-image',
    hint: 'assemble it from the programs of this machine: atmos-deployment images build <deployment>; or pull it: atmos-deployment images pull <deployment>',
  });
}

function otherImage(reference: string, pinned: Digest, pulled: Digest): AtmosError {
  return new AtmosError(
    `${reference} is pinned to ${hex(pinned).slice(0, 12)}, but resolves to ${hex(pulled).slice(0, 12)} on this platform`,
    {
      kind: 'environment',
      code: 'image-differs',
      hint: 'it was pinned on a machine of another architecture: run there, or pin it here: atmos-deployment images pull <deployment> --update',
    },
  );
}

function differs(toolchain: Toolchain, pinned: Digest, made: Digest): AtmosError {
  return new AtmosError(
    `the image with ${toolchain} is pinned as ${hex(pinned).slice(0, 12)}, but this machine's programs make ${hex(made).slice(0, 12)}`,
    {
      kind: 'environment',
      code: 'image-differs',
      hint: `install the ${toolchain} and busybox that it was made from, or pin this machine's: atmos-deployment images build <deployment>`,
    },
  );
}
