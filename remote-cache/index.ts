/**
 * Results of nodes in an OCI registry, shared with other machines: one artifact a key.
 *
 * In: where it is, the local store. Out: a `RemoteCache` that the engine asks after the store. What goes wrong with it is a warning, and never a failure.
 */
export { openRemoteCache } from './remote-cache.ts';
