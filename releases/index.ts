/**
 * The release: an application at one commit for one target, as bytes with a digest.
 *
 * In: a deployment's components with the layers that nodes made of them. Out: an OCI 1.1 manifest with a canonical config, whose SHA-256 names
 * the release; written to and read from Git with every byte checked; compared; exported as plain files.
 */
export { assembleRelease, type Part } from './assemble.ts';
export { carriedIn } from './carried.ts';
export { type Difference, diffReleases } from './diff.ts';
export { exportRelease } from './export.ts';
export { type FileRefs, gitReleases, RELEASES, releaseRef, type StoredFile } from './git.ts';
export { describeLayer, LAYER, type LayerDescriptor, readLayerDescriptor } from './layer.ts';
export type { ReleaseStore } from './store.ts';
export type { Manifest, Release, ReleaseComponent, ReleaseConfig, ValueSource } from './types.ts';
