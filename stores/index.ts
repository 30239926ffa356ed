/**
 * Stores of values outside of Git and Terraform (`!store`, hooks of kind `store`): read when a target is planned, written after an apply, and by no release.
 *
 * In: the stores of `atmos.yaml`, what components of a release read. Out: for each that reads any, a tree with the values, which outlives no process.
 */
export { storeOutputs } from './hooks.ts';
export { readStores, type StoreAccess, storeTrees, type Values } from './read.ts';
