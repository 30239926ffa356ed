import { isToolchain, type PinnedImage } from '../../containers/index.ts';
import type { Release } from '../../releases/index.ts';
import type { LockFile } from '../../vendoring/index.ts';
import { revisionAt } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { readLock } from './images.ts';

/** The images that a lock file pins, and how each can be had. */
export function pinsOf(lock: LockFile): readonly PinnedImage[] {
  return Object.entries(lock.images).map(([name, { digest, assembled, reference, manifest }]) => ({
    digest,
    assembled: assembled && isToolchain(name) ? name : undefined,
    published: manifest === undefined ? undefined : { reference, manifest },
  }));
}

/**
 * The images that releases run in, as their own commits' lock files pin them: what ran earlier may be pinned no more. Where a commit is not here, an
 * image that is made from a machine's programs can be made again all the same.
 */
export async function pinsOfReleases(workspace: Workspace, releases: Iterable<Release>): Promise<readonly PinnedImage[]> {
  const { repository } = await workspace.tracking();
  const pins: PinnedImage[] = [];
  for (const { config } of releases) {
    const isHere = (await repository.idOf(`${config.commit}^{commit}`)) !== undefined;
    if (isHere) pins.push(...pinsOf(await readLock(workspace, (await revisionAt(workspace, config.commit)).files, config.deployment)));
    for (const [name, { digest }] of Object.entries(config.images)) {
      if (isToolchain(name)) pins.push({ digest, assembled: name, published: undefined });
    }
  }
  return pins;
}
