import { formatProcess, isGone, parseProcess, thisProcess } from '../../engine/index.ts';
import type { Engine } from './connect.ts';

/** On every container and volume that we make: the process that it belongs to. */
const OWNER = 'dev.atmos.deployment.owner';
const NODE = 'dev.atmos.deployment.node';
/** On containers that change the world: they run to their end, whatever becomes of the process that started them. */
const EFFECT = 'dev.atmos.deployment.effect';

/** Seconds that a tool of a killed process gets to write its state and free its locks. */
const GRACE = 60;

export function labels(node: string, isEffect = false): Record<string, string> {
  return { [OWNER]: formatProcess(thisProcess()), [NODE]: node, ...(isEffect ? { [EFFECT]: 'yes' } : {}) };
}

/**
 * Removes what processes that are known to be gone have left. A container that still runs (its process was killed, not the tool)
 * is interrupted first. One that changes the world is left to end by itself: whoever takes over its target waits for it.
 * @returns the names of the nodes whose containers were removed.
 */
export async function removeLeftovers({ docker }: Engine): Promise<readonly string[]> {
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
  const volumes = (Volumes ?? []).filter(({ Labels }) => isLeftover(Labels?.[OWNER]));
  await Promise.all(volumes.map(({ Name }) => ignoreMissing(docker.getVolume(Name).remove())));
  return stale.map(({ Labels }) => Labels[NODE] ?? '');
}

function isLeftover(owner: string | undefined): boolean {
  const identity = owner === undefined ? undefined : parseProcess(owner);
  return identity !== undefined && isGone(identity);
}

/** Lets pass that something is already gone or is being removed by another process. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 404 && status !== 409 && status !== 304) throw error;
  }
}
