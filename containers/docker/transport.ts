import type Docker from 'dockerode';
import type { Digest, NodeIo, ResolvedExec } from '../../engine/index.ts';
import type { RunDirectory } from '../runs/directory.ts';
import type { Kept } from '../system/kept.ts';

/** How trees travel between the store and a container. */
export interface Transport {
  readonly name: 'bind' | 'tar';
  /** Who the command runs as, `uid:gid`; `undefined` leaves it to the image. */
  readonly user: string | undefined;
  /** Lays out inputs and empty outputs for a container that is about to be created. */
  prepare(step: ResolvedExec, io: NodeIo, run?: RunDirectory): Promise<Prepared>;
  /** Removes what it keeps between nodes. */
  close(): Promise<void>;
}

export interface Prepared {
  readonly mounts: readonly Docker.MountSettings[];
  /** Called when a container has the mounts, before it starts. @throws AtmosError where an input is not what it was */
  check?(): Promise<void>;
  /** Called after the command ended well: the trees by output name. */
  collect(container: Docker.Container): Promise<Readonly<Record<string, Digest>>>;
  /** As `LaidOut.keep`. */
  keep(root: string): Kept;
  /** Called at the end, whatever happened, after the container was removed. */
  dispose(): Promise<void>;
}
