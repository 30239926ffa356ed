/**
 * The engine: a graph of nodes in, results out. It schedules, keys, caches and reports; it knows no YAML, no Terraform and no Docker.
 *
 * In: a `Graph` of `Node`s (makeGraph), a `Store`, a `Runtime` that containers/ implements. Out: `Results` by node, a stream of `RunEvent`s.
 * The vocabulary that the other folders share (Digest, Tree, Node, AtmosError, canonical JSON) is here too, since it lies below them all.
 */

export { afterwards, removal } from './afterwards.ts';
export { now } from './clock.ts';
export * from './compute.ts';
export * from './digest.ts';
export { diskError } from './disk-error.ts';
export * from './errors.ts';
export { nodeEventSchemas } from './event-schema.ts';
export * from './events.ts';
export { flatName } from './flat-name.ts';
export { findCycle, type Graph, makeGraph, subgraph } from './graph.ts';
export * from './json.ts';
export type { KeyDescription } from './key.ts';
export { linkLoop, linkOutside } from './link-errors.ts';
export { type GrowingMask, growingMask, type Mask, maskJson, textsIn } from './mask.ts';
export { ISOLATIONS, type Isolation } from './needs.ts';
export * from './node.ts';
export { makePrivate } from './private-directory.ts';
export { formatProcess, isGone, type ProcessIdentity, parseProcess, thisProcess } from './process.ts';
export type { RemoteCache } from './remote.ts';
export { removeTree } from './remove.ts';
export * from './results.ts';
export { type RunOptions, run } from './run.ts';
export * from './runtime.ts';
export { shellWord } from './shell-word.ts';
export { type NodeResult, openStore, type PruneAnswer, type Store, type StoreCheck, type StoreStats, TREE_TIME } from './store/index.ts';
export { badName, specialFile } from './store/take-in.ts';
export { packTree, packTreeBytes, type ReadContent, type TarOptions } from './tar.ts';
export { together } from './together.ts';
export * from './tree.ts';
export { isWorkspaceName } from './workspace-name.ts';
