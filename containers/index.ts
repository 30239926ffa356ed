/**
 * Where nodes run: sandboxes and container engines behind the engine's `Runtime`, and the images that they run in.
 *
 * In: resolved nodes, trees of the store. Out: exit codes, output trees, logs; image digests. Images are kept in the store and given to either
 * runtime by digest. A sandbox ends with its process; what is created on an engine carries a label with its owner, so that the next command
 * removes what a killed one left.
 */

export { openRuntime, RUNTIMES, type RuntimeName } from './choose.ts';
export { hasLeft, hasRuns, isBusy, settleEffects } from './effects.ts';
export { assembleImage, type ImageSpec } from './images/assemble.ts';
export { imageDigest } from './images/image.ts';
export type { Published } from './images/pull.ts';
export { type ImageStore, imageKey, openImages, type PinnedImage, type StoredImage } from './images/store.ts';
export { isToolchain, TOOLCHAINS, type Toolchain } from './images/toolchain.ts';
export { treeOfTar } from './images/untar.ts';
export { runNames } from './runs/directory.ts';
