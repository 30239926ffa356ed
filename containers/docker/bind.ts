import { chown, mkdir, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type Docker from 'dockerode';
import { AtmosError, type Digest, type NodeIo, type ResolvedExec } from '../../engine/index.ts';
import type { Prepared, Transport } from './transport.ts';

/** Commands of a user who is root run as `nobody` instead. */
const NOBODY = 65_534;

/**
 * Trees as bind mounts, for an engine that sees our file system: inputs are read-only mounts of directories in the store,
 * outputs directories of ours. Nothing is copied. Commands run as the invoking user, so that we can read and remove what they write.
 */
export function bindTransport(): Transport {
  const uid = process.getuid?.() ?? NOBODY;
  const gid = process.getgid?.() ?? NOBODY;
  const asRoot = uid === 0;
  const owner = asRoot ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
  const give = async (dir: string): Promise<void> => {
    if (asRoot) await chown(dir, owner.uid, owner.gid);
  };
  return {
    name: 'bind',
    user: `${owner.uid}:${owner.gid}`,
    prepare: async (step, io) => {
      const inputs = await Promise.all(step.inputs.map(async ({ path, tree }) => mount(await io.store.checkOut(tree), path, true)));
      const states = await Promise.all(
        step.exec.state.map(async ({ path, dir }) => mount(await stateDir(io.stateRoot, dir, give), path, false)),
      );
      const scratch = step.exec.outputs.length === 0 ? undefined : await io.store.temporary('outputs');
      const outputs: Docker.MountSettings[] = [];
      for (const [index, { path }] of step.exec.outputs.entries()) {
        const dir = join(scratch ?? '', String(index));
        await mkdir(dir, { mode: 0o755 });
        await give(dir);
        outputs.push(mount(dir, path, false));
      }
      return prepared(step, io, [...inputs, ...states, ...outputs], scratch);
    },
    close: async () => undefined,
  };
}

function prepared(step: ResolvedExec, io: NodeIo, mounts: readonly Docker.MountSettings[], scratch: string | undefined): Prepared {
  return {
    mounts,
    collect: async () => {
      const trees: Record<string, Digest> = {};
      for (const [index, { name }] of step.exec.outputs.entries()) trees[name] = await io.store.takeIn(join(scratch ?? '', String(index)));
      return trees;
    },
    dispose: async () => {
      if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
    },
  };
}

function mount(source: string, target: string, readOnly: boolean): Docker.MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
}

async function stateDir(root: string, dir: string, give: (dir: string) => Promise<void>): Promise<string> {
  const path = join(root, dir);
  if (!path.startsWith(root + sep)) {
    throw new AtmosError(`state directory ${dir} leaves the state root`, { kind: 'invalid', code: 'path-escape' });
  }
  await mkdir(path, { recursive: true });
  await give(path);
  return path;
}
