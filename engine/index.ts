/**
 * The engine: a graph of nodes in, results out. It schedules, keys, caches and reports; it knows no YAML, no Terraform and no Docker.
 *
 * In: a `Graph` of `Node`s (makeGraph), a `Store`, a `Runtime` that containers/ implements. Out: `Results` by node, a stream of `RunEvent`s.
 * The vocabulary that the other folders share (Digest, Tree, Node, AtmosError, canonical JSON) is here too, since it lies below them all.
 */

export { type ComponentAddress, isCalled, parseAddress, type TargetRef } from './base/address.ts';
export { afterwards, removal } from './base/afterwards.ts';
export { allSettled } from './base/all-settled.ts';
export { now } from './base/clock.ts';
export { diskError } from './base/disk-error.ts';
export * from './base/errors.ts';
export { flatName } from './base/flat-name.ts';
export { linkLoop, linkOutside } from './base/link-errors.ts';
export { makePrivate } from './base/private-directory.ts';
export { formatProcess, isGone, type ProcessIdentity, parseProcess, thisProcess } from './base/process.ts';
export { removeTree } from './base/remove.ts';
export { shellWord } from './base/shell-word.ts';
export { isWorkspaceName } from './base/workspace-name.ts';
export * from './content/digest.ts';
export * from './content/json.ts';
export { type GrowingMask, growingMask, type Mask, maskJson, textsIn } from './content/mask.ts';
export * from './content/tree.ts';
export { nodeEventSchemas } from './graph/event-schema.ts';
export * from './graph/events.ts';
export { findCycle, type Graph, makeGraph, subgraph } from './graph/graph.ts';
export type { KeyDescription } from './graph/key.ts';
export { ISOLATIONS, type Isolation } from './graph/needs.ts';
export * from './graph/node.ts';
export type { RemoteCache } from './graph/remote.ts';
export * from './graph/results.ts';
export * from './graph/runtime.ts';
export * from './run/compute.ts';
export { type RunOptions, run } from './run/run.ts';
export { type NodeResult, openStore, type PruneAnswer, type Store, type StoreCheck, type StoreStats, TREE_TIME } from './store/index.ts';
export { badName, specialFile } from './store/ingest.ts';
export { packTree, packTreeBytes, type ReadContent, type TarOptions } from './store/tar.ts';
