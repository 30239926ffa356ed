import type Docker from 'dockerode';
import { isGone, parseProcess } from '../../engine/index.ts';
import type { Engine } from './connect.ts';
import { EFFECT, ignoreMissing, NODE, OWNER, TREE } from './labels.ts';
import { collectTrees } from './volumes.ts';

/** Seconds that a tool of a killed process gets to write its state and free its locks. */
const GRACE = 60;

/** Seconds after which a container that does not run belongs to nobody. */
const ABANDONED = 24 * 60 * 60;
/** Seconds after which nobody comes back for an effect that has ended. */
const FORGOTTEN = 30 * 24 * 60 * 60;

/**
 * Removes what processes that are known to be gone have left. A container that still runs (its process was killed, not the tool)
 * is interrupted first. One that changes the world is left alone, also when it has ended: whoever takes over its target waits for it, sees how it
 * ended, and removes it; only what nobody came back for in a month goes, and what was created and never started.
 * @returns the names of the nodes whose containers were removed.
 */
export async function removeLeftovers(engine: Engine): Promise<readonly string[]> {
  const { docker } = engine;
  const filters = { label: [OWNER] };
  const containers = await docker.listContainers({ all: true, filters });
  const stale = containers.filter(({ Labels, State, Created }) => {
    const age = Date.now() / 1000 - Created;
    // Of a process of another boot, or in another container, only time tells.
    const isEffect = Labels[EFFECT] === 'yes' && State !== 'created';
    if (!isLeftover(Labels[OWNER])) return !isEffect && State !== 'running' && age > ABANDONED;
    return !isEffect || (State !== 'running' && age > FORGOTTEN);
  });
  await Promise.all(
    stale.map(async ({ Id, State }) => {
      const container = docker.getContainer(Id);
      if (State === 'running') await stopGently(container);
      // Its process may have asked for its start just before it was killed: what runs after all stays.
      await ignoreMissing(container.remove({ force: State !== 'created', v: true }));
    }),
  );
  // Some hold something for later runs, too.
  if (await removeVolumes(engine)) await collectTrees(engine);
  return stale.map(({ Labels }) => Labels[NODE] ?? '');
}

/**
 * Removes containers that were never started, and volumes, of processes that are gone: an engine may make what it was asked for after the next process
 * has looked.
 */
export async function removeUnstarted(engine: Engine): Promise<void> {
  const { docker } = engine;
  const containers = await docker.listContainers({ all: true, filters: { label: [OWNER], status: ['created'] } });
  const stale = containers.filter(({ Labels }) => isLeftover(Labels[OWNER]));
  if (stale.length === 0) return;
  // One that was started after all stays.
  await Promise.all(stale.map(({ Id }) => ignoreMissing(docker.getContainer(Id).remove({ v: true }))));
  await removeVolumes(engine);
}

/** Removes volumes of processes that are gone; whether there are any that hold trees. */
async function removeVolumes({ docker }: Engine): Promise<boolean> {
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify({ label: [OWNER] }) });
  const trees = (Volumes ?? []).filter(({ Labels }) => Labels?.[TREE] !== undefined);
  const volumes = (Volumes ?? []).filter((volume) => !trees.includes(volume) && isLeftover(volume.Labels?.[OWNER]));
  await Promise.all(volumes.map(({ Name }) => ignoreMissing(docker.getVolume(Name).remove())));
  return trees.length > 0;
}

/** Interrupts it, and gives it time: a call that waits for its end would be idle for too long. */
async function stopGently(container: Docker.Container): Promise<void> {
  await ignoreMissing(container.kill({ signal: 'SIGINT' }));
  for (
    const until = performance.now() + GRACE * 1000;
    performance.now() < until;
    await new Promise((resolve) => setTimeout(resolve, 200))
  ) {
    const { State } = await container.inspect().catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode === 404) return { State: { Running: false } };
      throw error;
    });
    if (!State.Running) return;
  }
}

function isLeftover(owner: string | undefined): boolean {
  const identity = owner === undefined ? undefined : parseProcess(owner);
  return identity !== undefined && isGone(identity);
}
