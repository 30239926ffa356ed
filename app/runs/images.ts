import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigFiles, loadDeployment, resolve } from '../../config/index.ts';
import { imageKey, isToolchain, openImages, TOOLCHAINS } from '../../containers/index.ts';
import { AtmosError, type Digest, sha256 } from '../../engine/index.ts';
import { readerImage } from '../../kinds/index.ts';
import { imageNames } from '../../phases/index.ts';
import { EMPTY_LOCK, formatLock, type LockFile, parseLock } from '../../vendoring/index.ts';
import { worktreeOptions } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Where a deployment's pins are kept, relative to the root. */
export function lockPath({ project }: Workspace, deployment: string): string {
  return `${project.deployments.basePath}/${deployment}.lock.yaml`;
}

/** The pins of a deployment; none where there is no lock file yet. @throws AtmosError `invalid-lock` */
export async function readLock(workspace: Workspace, files: ConfigFiles, deployment: string): Promise<LockFile> {
  const path = lockPath(workspace, deployment);
  const content = await files.read(path);
  if (content === undefined) return EMPTY_LOCK;
  const key = `lock 1 ${sha256(content)}`;
  const known = await workspace.answers.get(key);
  // Written by ourselves, under a key that names its content.
  if (known !== undefined) return JSON.parse(known) as LockFile;
  const lock = await parseLock(Buffer.from(content).toString('utf8'), path);
  await workspace.answers.put(key, JSON.stringify(lock));
  return lock;
}

export interface BuiltImage {
  readonly name: string;
  readonly reference: string;
  readonly digest: Digest;
  /** Whether the lock file said so already. */
  readonly pinned: boolean;
}

/**
 * Assembles the images that a deployment's nodes run in from this machine's programs, and pins them in its lock file, which is written only
 * when it changes. An image that is pinned as pulled stays so.
 * @throws AtmosError `no-binary`; `no-toolchain` for an image that can't be assembled
 */
export async function buildImages(workspace: Workspace, deployment: string): Promise<readonly BuiltImage[]> {
  const images = openImages(workspace.store, []);
  return pinImages(workspace, deployment, async (name, reference, pin) => {
    if (pin?.manifest !== undefined) return pin;
    if (!isToolchain(name)) throw noToolchain(name);
    return { reference, digest: (await images.assemble(name)).digest, assembled: true };
  });
}

/**
 * Pulls the images that registries have, and pins them in the lock file. One that is pinned is pulled as it was pinned, unless `update` asks for what
 * its tag names now. Images that no registry has are left to `buildImages`.
 * @throws AtmosError `registry`
 */
export async function pullImages(workspace: Workspace, deployment: string, update: boolean): Promise<readonly BuiltImage[]> {
  const images = openImages(workspace.store, []);
  const { images: configured } = workspace.project.deployments;
  return pinImages(workspace, deployment, async (name, reference, pin) => {
    // A toolchain's bare name is no reference.
    if (isToolchain(name) && configured[name] === undefined) return undefined;
    const known = update || pin?.reference !== reference ? undefined : pin.manifest;
    const { digest, manifest } = await images.pull(reference, known);
    return { reference, digest, assembled: false, manifest };
  });
}

type Pin = LockFile['images'][string];

/** Asks for the pin of each image that the deployment's nodes run in, and writes those that changed. */
async function pinImages(
  workspace: Workspace,
  deployment: string,
  pinOf: (name: string, reference: string, pin: Pin | undefined) => Promise<Pin | undefined>,
): Promise<readonly BuiltImage[]> {
  const { files, project, root } = workspace;
  const all = await workspace.kinds.load();
  const found = await loadDeployment(workspace, deployment);
  const names = new Set<string>();
  for (const target of found.targets) {
    for (const name of imageNames(all, await resolve(workspace, found, target, worktreeOptions(workspace)), readerImage)) names.add(name);
  }
  const lock = await readLock(workspace, files, deployment);
  const built: BuiltImage[] = [];
  const pins: Record<string, Pin> = { ...lock.images };
  for (const name of [...names].sort()) {
    const before = lock.images[name];
    const pin = await pinOf(name, project.deployments.images[name] ?? name, before);
    if (pin === undefined) continue;
    const { reference, digest } = pin;
    const pinned = before?.digest === digest && before.reference === reference && before.manifest === pin.manifest;
    built.push({ name, reference, digest, pinned });
    pins[name] = pin;
  }
  if (built.some(({ pinned }) => !pinned)) await writeFile(join(root, lockPath(workspace, deployment)), await formatLock({ images: pins }));
  return built;
}

export interface ListedImage {
  readonly name: string;
  readonly reference: string;
  readonly digest: Digest;
  /** Assembled from a machine's own programs. */
  readonly assembled: boolean;
  readonly manifest?: Digest;
  /** Whether it is in this machine's cache, whole. */
  readonly isHere: boolean;
}

/** The images that a deployment's lock file pins. @throws AtmosError `unknown-deployment`, `invalid-lock` */
export async function listImages(workspace: Workspace, deployment: string): Promise<readonly ListedImage[]> {
  const { files, store } = workspace;
  await loadDeployment(workspace, deployment);
  const lock = await readLock(workspace, files, deployment);
  const names = Object.keys(lock.images).sort();
  const listed = await Promise.all(
    names.map(async (name) => {
      const pin = lock.images[name];
      return pin === undefined ? [] : [{ name, ...pin, isHere: (await store.result(imageKey(pin.digest))) !== undefined }];
    }),
  );
  return listed.flat();
}

export interface VerifiedImage {
  readonly name: string;
  readonly digest: Digest;
  /** What this machine's programs make; `null` for an image that is not made of them. */
  readonly made: Digest | null;
  /** What its tag names now in its registry; `null` for an image that no registry has. */
  readonly tagged: Digest | null;
}

/**
 * Assembles anew what the lock file says was assembled, and asks registries for the others: whether this machine's programs are those that the image was
 * made of, and whether a tag names what it did.
 * @throws AtmosError `no-binary`, `registry`
 */
export async function verifyImages(workspace: Workspace, deployment: string): Promise<readonly VerifiedImage[]> {
  const images = openImages(workspace.store, []);
  const verified: VerifiedImage[] = [];
  for (const { name, reference, digest, assembled, manifest } of await listImages(workspace, deployment)) {
    const made = assembled && isToolchain(name) ? (await images.assemble(name)).digest : null;
    const published = manifest === undefined ? undefined : await images.ask(reference);
    // The same manifest is the same image, on whatever platform it was pinned.
    const tagged = published === undefined ? null : published.manifest === manifest ? digest : published.digest;
    verified.push({ name, digest, made, tagged });
  }
  return verified;
}

function noToolchain(name: string): AtmosError {
  return new AtmosError(`image "${name}" can't be assembled from the programs of this machine`, {
    kind: 'invalid',
    code: 'no-toolchain',
    hint: `images that can: ${TOOLCHAINS.join(', ')}; one that a registry has: atmos-deployment images pull <deployment>`,
  });
}
