import { resolve } from 'node:path';
import { suggestion } from '../../config/index.ts';
import { AtmosError, type Digest, shortId } from '../../engine/index.ts';
import { exportRelease, gitReleases, type Release, type ReleaseStore, releaseRef } from '../../releases/index.ts';
import { ANY, type RefUpdate, readFiles, writeCommit, writeTree } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Releases are files under refs, here and on the remote. */
async function releasesOf({ store, tracking }: Workspace): Promise<ReleaseStore> {
  const { repository, refs } = await tracking();
  return gitReleases(store, {
    async read(ref) {
      const known = (await refs.readLocal([ref])).get(ref) ?? (await refs.read([ref])).get(ref);
      return known === undefined ? undefined : readFiles(repository, known);
    },
    write: async (files, message) => writeCommit(repository, await writeTree(repository, files), message),
    written: async (ref) => (await refs.readLocal([ref])).get(ref),
    list: async (pattern) => [...(await refs.read([pattern])).keys()],
  });
}

/**
 * Writes a release into this repository, unless it is there, and returns what makes it one of the releases, here and on the remote. Nothing but
 * its content decides the commit: whoever was first wrote the same.
 */
export async function releaseUpdate(workspace: Workspace, release: Release): Promise<RefUpdate> {
  return { ref: releaseRef(release.digest), from: ANY, to: await (await releasesOf(workspace)).write(release) };
}

/** Keeps a release under its ref, here and on the remote. */
export async function storeRelease(workspace: Workspace, release: Release): Promise<void> {
  const { refs } = await workspace.tracking();
  await refs.update([await releaseUpdate(workspace, release)]);
}

/** @throws AtmosError `no-release`, `tampered-release` */
export async function loadRelease(workspace: Workspace, digest: Digest): Promise<Release> {
  return (await releasesOf(workspace)).read(digest);
}

/** Writes a release as plain files. @throws AtmosError `target-exists` */
export async function exportReleaseTo(workspace: Workspace, digest: Digest, dir: string): Promise<Digest> {
  await exportRelease(await loadRelease(workspace, digest), resolve(dir), workspace.store);
  return digest;
}

/** The digest that the beginning of one means. @throws AtmosError `no-release`, `ambiguous-release` */
export async function findRelease(workspace: Workspace, id: string): Promise<Digest> {
  const all = await listReleases(workspace);
  const wanted = id.replace(/^sha256:/, '');
  const digests = all.filter((digest) => digest.slice('sha256:'.length).startsWith(wanted));
  const [first, second] = digests;
  if (!/^[0-9a-f]{4,64}$/.test(wanted) || first === undefined) {
    throw new AtmosError(`there is no release "${id}"`, {
      kind: 'invalid',
      code: 'no-release',
      hint: suggestion(id, all.slice(0, 20).map(shortId), 'releases'),
    });
  }
  if (second === undefined) return first;
  throw new AtmosError(`release prefix "${id}" is ambiguous: ${digests.map(shortId).join(', ')}`, {
    kind: 'invalid',
    code: 'ambiguous-release',
    hint: 'use a longer prefix',
  });
}

/** The releases of this repository and its remote, in no order. */
export async function listReleases(workspace: Workspace): Promise<readonly Digest[]> {
  return (await releasesOf(workspace)).list();
}
