import { basename } from 'node:path';
import { imageKey, runNames } from '../containers/index.ts';
import { AtmosError, type Digest, isDigest, isObject, type PruneAnswer } from '../engine/index.ts';
import { RELEASES } from '../releases/index.ts';
import { readLock } from './runs/images.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface CachePruning {
  /** Milliseconds since the epoch; see `prune` of the store. */
  readonly unusedSince: number | undefined;
  readonly maxBytes: number | undefined;
}

/**
 * Drops what the cache can do without: what is old or too much, and whatever nothing stands for. Images that a lock file or a release of this
 * repository pins stay, since the programs that they were made of may be gone.
 * @throws AtmosError `cache-in-use` while a command, or something that a killed one started, may need any of it
 */
export async function pruneCache(workspace: Workspace, { unusedSince, maxBytes }: CachePruning): Promise<PruneAnswer> {
  const [running] = await runNames(workspace.runsRoot);
  if (running !== undefined) {
    throw new AtmosError(`an operation of a killed command may still be running: ${running}`, {
      kind: 'refused',
      code: 'cache-in-use',
      hint: 'rerun rollout or destroy for that target: it waits for the operation and records the result',
    });
  }
  const images = [...(await lockedImages(workspace)), ...(await releasedImages(workspace))];
  return workspace.store.prune({ unusedSince, maxBytes, needed: images.map(imageKey) });
}

async function lockedImages(workspace: Workspace): Promise<readonly Digest[]> {
  const { files, project } = workspace;
  const locks = (await files.list(project.deployments.basePath)).filter((path) => path.endsWith('.lock.yaml'));
  const images = await Promise.all(locks.map(async (path) => (await readLock(workspace, files, basename(path, '.lock.yaml'))).images));
  return images.flatMap((pins) => Object.values(pins).map(({ digest }) => digest));
}

/** None where there is no Git repository yet. */
async function releasedImages(workspace: Workspace): Promise<readonly Digest[]> {
  const tracking = await workspace.tracking().catch((error: unknown) => {
    if (error instanceof AtmosError && error.code === 'not-a-git-repository') return undefined;
    throw error;
  });
  if (tracking === undefined) return [];
  const commits = [...(await tracking.refs.readLocal([RELEASES])).values()];
  const configs = await Promise.all(commits.map((commit) => tracking.repository.readObject(`${commit}:config.json`)));
  return configs.flatMap((config) => {
    const { images }: { images?: unknown } = JSON.parse(config.toString('utf8'));
    return isObject(images)
      ? Object.values(images).flatMap((image) => (isObject(image) && isDigest(image.digest) ? [image.digest] : []))
      : [];
  });
}
