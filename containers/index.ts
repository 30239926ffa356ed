/**
 * Where nodes run: container engines behind the engine's `Runtime`, and the images that they run in.
 *
 * In: resolved nodes, trees of the store, image references. Out: exit codes, output trees, logs; image digests.
 * Everything that is created on an engine carries a label with its owner, so that the next command removes what a killed one left.
 */

export type { TransportChoice } from './docker/probe.ts';
export { type DockerOptions, dockerRuntime } from './docker/runtime.ts';
export { ASSEMBLE, assembleImage, type BaseImage, type ImageSpec, readImageFile } from './images/assemble.ts';
export { type ImageStore, openImages } from './images/store.ts';
export type { Toolchain } from './images/toolchain.ts';
