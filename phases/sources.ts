import type { ConfigFiles, TextCache } from '../config/index.ts';
import type { Digest, Store } from '../engine/index.ts';
import type { LockFile, SourceFile } from '../vendoring/index.ts';

/** Where providers come from: the mirror that is configured; else the first of the implied ones that has them; else their registries. */
export interface ProviderSources {
  /** Absolute. */
  readonly configured: string | undefined;
  readonly implied: readonly string[];
}

/** Where the ground of an expansion comes from. */
export interface Sources {
  readonly store: Store;
  readonly config: ConfigFiles;
  readonly cache: TextCache;
  /** Where the root lies in the Git repository; `''` when they are the same. */
  readonly prefix: string;
  /** The files of a directory that belong to the repository: at a commit, or in the working tree. */
  entries(dir: string): Promise<readonly SourceFile[]>;
  readonly providers: ProviderSources;
  readonly lock: LockFile;
  /** `deployments.images` of atmos.yaml. */
  readonly references: Readonly<Record<string, string>>;
  /** The name of the image that outputs of somebody else's components are read in, by the command that reads them. */
  readers(command: string): string;
  /** The tree of an image. @throws AtmosError `no-image` */
  image(digest: Digest): Promise<Digest>;
}
