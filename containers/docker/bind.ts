import type { NodeIo, ResolvedExec } from '../../engine/index.ts';
import type { Engine } from '../docker-api/connect.ts';
import { materialize, type Owner } from '../runs/binds.ts';
import type { RunDirectory } from '../runs/directory.ts';
import type { Prepared, Transport } from './transport.ts';

/** Commands of a user who is root run as `nobody` instead. */
const NOBODY = 65_534;

/**
 * Trees as bind mounts, for an engine that sees our file system: inputs are read-only mounts of directories in the store, outputs directories
 * of ours. Commands run as the invoking user, so that we can read and remove what they write: in the containers of a rootless Docker that user is
 * called root (in Podman's too, unless one asks for another name, as we do).
 */
export function bindTransport({ isRootless, isPodman }: Pick<Engine, 'isRootless' | 'isPodman'>): Transport {
  const uid = process.getuid?.() ?? NOBODY;
  const owner: Owner = uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid: process.getgid?.() ?? NOBODY };
  return {
    name: 'bind',
    user: isRootless && !isPodman ? '0:0' : `${owner.uid}:${owner.gid}`,
    prepare: async (step: ResolvedExec, io: NodeIo, run?: RunDirectory): Promise<Prepared> => {
      const { binds, collect, keep, dispose } = await materialize(step, io, owner, run);
      const mounts = binds.map(({ source, target, readOnly }) => ({
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      }));
      return { mounts, collect, keep, dispose };
    },
    close: async () => undefined,
  };
}
