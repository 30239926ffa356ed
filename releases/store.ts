import type { Digest } from '../engine/index.ts';
import type { Release } from './types.ts';

/** Where releases are kept. */
export interface ReleaseStore {
  /** With every byte checked against its digest. @throws AtmosError `no-release`, `tampered-release` */
  read(digest: Digest): Promise<Release>;
  /** Writes one, unless it is there; returns what names it there. Nothing but its content decides that: whoever was first wrote the same. */
  write(release: Release): Promise<string>;
  /** Those that there are, in no order. */
  list(): Promise<readonly Digest[]>;
}
