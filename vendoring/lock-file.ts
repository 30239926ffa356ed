import type { Digest } from '../engine/index.ts';

export interface ImagePin {
  /** As `atmos.yaml` or a node names it. A pin counts only as long as that stays the same. */
  readonly reference: string;
  /** Config digest (image ID). */
  readonly digest: Digest;
  /** True when it was assembled from the programs of a machine, and can be again. */
  readonly assembled: boolean;
  /** Digest of the manifest, or list of manifests, that a registry has it under; `undefined` where none does. */
  readonly manifest?: Digest;
}

/** What a deployment has resolved once and keeps until told otherwise: `deployments/<name>.lock.yaml`, which is committed. */
export interface LockFile {
  readonly images: Readonly<Record<string, ImagePin>>;
}
