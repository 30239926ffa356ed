import type { Digest, JsonObject, TargetRef } from '../engine/index.ts';
import type { ImageManifest } from '../oci/index.ts';

/** `artifactType` of the manifest (OCI image-spec 1.1). */
export const ARTIFACT_TYPE = 'application/vnd.atmos.release.v1+json';
export const CONFIG_TYPE = 'application/vnd.atmos.release.config.v1+json';
export const LAYER_TYPE = 'application/vnd.atmos.release.layer.v1.tar';

/** What a release says of itself: the OCI config, as canonical JSON. No time, host, user or absolute path is in it. */
export interface ReleaseConfig extends TargetRef {
  readonly version: 1;
  /** The source commit. */
  readonly commit: string;
  /** True when it holds changes that were not committed: it can be rolled out, but neither promoted nor reproduced. */
  readonly dirty: boolean;
  /** The release whose sources, locks and images this one took over. */
  readonly promotedFrom: Digest | null;
  /** The images that its nodes run in, by name. */
  readonly images: Readonly<Record<string, { readonly reference: string; readonly digest: Digest }>>;
  /** Where secrets come from, by name of the variable; never a value. */
  readonly secrets: Readonly<Record<string, { readonly env: string }>>;
  /** What the commit does not decide, and was asked for: the digest of the answer, or null for what is new each time. Absent where there is none. */
  readonly impure?: Readonly<Record<string, Digest | null>>;
  /** How outputs of components that are somebody else's are read, by the component of `reads`. Absent where there are none. */
  readonly reads?: Readonly<Record<string, ReleaseRead>>;
  /** By address. */
  readonly components: Readonly<Record<string, ReleaseComponent>>;
}

/** Where a node has a variable's value from: the environment, whose variable is a secret where there is no default; or what a command prints. */
export type ValueSource = { readonly env: string; readonly default?: string } | { readonly exec: string };

/** What a node needs to read the outputs of a component deployed elsewhere. */
export interface ReleaseRead {
  readonly command: string;
  readonly workspace: string;
  readonly backend_type: string;
  readonly backend: JsonObject;
  readonly env: Readonly<Record<string, string>>;
}

export interface ReleaseComponent {
  readonly kind: string;
  readonly name: string;
  /** Digest of its layer: all that rolling it out depends on, but for other components' outputs. */
  readonly layer: Digest;
  /** Digest of what it takes along when it is promoted: source tree, lock file, image. Nothing of the target is in it. */
  readonly artifact: Digest;
  /** Digest of the exact source tree. */
  readonly source: Digest;
  readonly dependsOn: readonly string[];
  /** What it reads of others, as `<component>#<field>`. */
  readonly reads: readonly string[];
  /** What its kind needs to roll it out: workspace, backend type, image name. */
  readonly settings: JsonObject;
}

/** A release as an OCI artifact. */
export interface Manifest extends ImageManifest<Digest> {
  readonly artifactType: typeof ARTIFACT_TYPE;
}

export interface Release {
  /** SHA-256 of the manifest's bytes: its identity. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ReleaseConfig;
  /** The trees of its layers in the store, by address. */
  readonly layers: Readonly<Record<string, Digest>>;
}
