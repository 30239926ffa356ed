import { isGone, parseProcess } from '../../engine/index.ts';
import type { Engine } from './connect.ts';
import { EFFECT, ignoreMissing, NODE, OWNER, TREE } from './labels.ts';
import { collectTrees } from './volumes.ts';

/** Seconds that a tool of a killed process gets to write its state and free its locks. */
const GRACE = 60;

/**
 * Removes what processes that are known to be gone have left. A container that still runs (its process was killed, not the tool)
 * is interrupted first. One that changes the world is left to end by itself: whoever takes over its target waits for it.
 * @returns the names of the nodes whose containers were removed.
 */
export async function removeLeftovers(engine: Engine): Promise<readonly string[]> {
  const { docker } = engine;
  const filters = { label: [OWNER] };
  const containers = await docker.listContainers({ all: true, filters });
  const stale = containers.filter(({ Labels, State }) => isLeftover(Labels[OWNER]) && !(Labels[EFFECT] === 'yes' && State === 'running'));
  await Promise.all(
    stale.map(async ({ Id, State }) => {
      const container = docker.getContainer(Id);
      if (State === 'running') await ignoreMissing(container.stop({ t: GRACE, signal: 'SIGINT' }));
      await ignoreMissing(container.remove({ force: true, v: true }));
    }),
  );
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(filters) });
  const trees = (Volumes ?? []).filter(({ Labels }) => Labels?.[TREE] !== undefined);
  const volumes = (Volumes ?? []).filter((volume) => !trees.includes(volume) && isLeftover(volume.Labels?.[OWNER]));
  await Promise.all(volumes.map(({ Name }) => ignoreMissing(docker.getVolume(Name).remove())));
  // They hold something for later runs, too.
  if (trees.length > 0) await collectTrees(engine);
  return stale.map(({ Labels }) => Labels[NODE] ?? '');
}

function isLeftover(owner: string | undefined): boolean {
  const identity = owner === undefined ? undefined : parseProcess(owner);
  return identity !== undefined && isGone(identity);
}
