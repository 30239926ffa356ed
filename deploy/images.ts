import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigFiles, loadDeployment, resolve } from '../config/index.ts';
import { imageKey, isToolchain, openImages, TOOLCHAINS } from '../containers/index.ts';
import { AtmosError, type Digest, sha256 } from '../engine/index.ts';
import { imageNames } from '../phases/index.ts';
import { EMPTY_LOCK, formatLock, type LockFile, parseLock } from '../vendoring/index.ts';
import { worktreeOptions } from './revision.ts';
import type { Workspace } from './workspace.ts';

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
  const known = await workspace.cache.get(key);
  // Written by ourselves, under a key that names its content.
  if (known !== undefined) return JSON.parse(known) as LockFile;
  const lock = await parseLock(Buffer.from(content).toString('utf8'), path);
  await workspace.cache.put(key, JSON.stringify(lock));
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
 * when it changes.
 * @throws AtmosError `no-binary`; `no-toolchain` for an image that can't be assembled
 */
export async function buildImages(workspace: Workspace, deployment: string): Promise<readonly BuiltImage[]> {
  const { files, project, store, root } = workspace;
  const found = await loadDeployment(files, project, deployment, workspace.cache);
  const names = new Set<string>();
  for (const target of found.targets) {
    for (const name of imageNames(await resolve(files, project, found, target, worktreeOptions(workspace)))) names.add(name);
  }
  const lock = await readLock(workspace, files, deployment);
  const images = openImages(store, []);
  const built: BuiltImage[] = [];
  const pins: Record<string, LockFile['images'][string]> = { ...lock.images };
  for (const name of [...names].sort()) {
    if (!isToolchain(name)) throw noToolchain(name);
    const { digest } = await images.assemble(name);
    const reference = project.deployments.images[name] ?? name;
    const pin = lock.images[name];
    built.push({ name, reference, digest, pinned: pin?.digest === digest && pin.reference === reference });
    pins[name] = { reference, digest, assembled: true };
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
  /** Whether it is in this machine's cache, whole. */
  readonly isHere: boolean;
}

/** The images that a deployment's lock file pins. @throws AtmosError `unknown-deployment`, `invalid-lock` */
export async function listImages(workspace: Workspace, deployment: string): Promise<readonly ListedImage[]> {
  const { files, project, store, cache } = workspace;
  await loadDeployment(files, project, deployment, cache);
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
}

/**
 * Assembles anew what the lock file says was assembled, and tells what comes out: whether this machine's programs are those that the image was made of.
 * @throws AtmosError `no-binary`
 */
export async function verifyImages(workspace: Workspace, deployment: string): Promise<readonly VerifiedImage[]> {
  const images = openImages(workspace.store, []);
  const verified: VerifiedImage[] = [];
  for (const { name, digest, assembled } of await listImages(workspace, deployment)) {
    const made = assembled && isToolchain(name) ? (await images.assemble(name)).digest : null;
    verified.push({ name, digest, made });
  }
  return verified;
}

function noToolchain(name: string): AtmosError {
  return new AtmosError(`image "${name}" can't be assembled from the programs of this machine`, {
    kind: 'invalid',
    code: 'no-toolchain',
    hint: `images that can: ${TOOLCHAINS.join(', ')}`,
  });
}
