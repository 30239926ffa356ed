/**
 * The formats and the wire protocol of the Open Container Initiative: image references, manifests, the distribution protocol of registries.
 *
 * In: a reference, credentials of Docker's configuration. Out: manifests and blobs, verified by digest. Knows nothing of ours.
 */
export { credentialsOf } from './credentials.ts';
export { RegistryError } from './errors.ts';
export { type Descriptor, type ImageManifest, type Manifest, MEDIA, readManifest } from './manifest.ts';
export { parseReference, type Reference } from './reference.ts';
export { type Found, Registry } from './registry.ts';
