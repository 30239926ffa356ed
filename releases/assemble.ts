import { canonicalJson, type Digest, sha256 } from '../engine/index.ts';
import { MEDIA } from '../oci/index.ts';
import type { LayerDescriptor } from './layer.ts';
import { ARTIFACT_TYPE, CONFIG_TYPE, LAYER_TYPE, type Manifest, type Release, type ReleaseComponent, type ReleaseConfig } from './types.ts';

/** A component with the layer that was made for it. */
export interface Part {
  readonly address: string;
  readonly component: Omit<ReleaseComponent, 'layer'>;
  readonly layer: LayerDescriptor;
  /** The layer's tree in the store. */
  readonly tree: Digest;
}

/**
 * Assembles a release: bytes with a digest, a pure function of its arguments.
 * The manifest's canonical JSON is its identity; the config's and the layers' digests are in the manifest.
 */
export function assembleRelease(config: Omit<ReleaseConfig, 'components' | 'version'>, parts: readonly Part[]): Release {
  const sorted = [...parts].sort((a, b) => (a.address < b.address ? -1 : 1));
  const components = Object.fromEntries(sorted.map(({ address, component, layer }) => [address, { ...component, layer: layer.digest }]));
  const full: ReleaseConfig = { version: 1, ...config, components };
  const configBytes = canonicalJson(full);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: ARTIFACT_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: sha256(configBytes), size: Buffer.byteLength(configBytes) },
    layers: sorted.map(({ address, layer }) => ({
      mediaType: LAYER_TYPE,
      digest: layer.digest,
      size: layer.size,
      annotations: { 'org.opencontainers.image.title': address },
    })),
  };
  return {
    digest: sha256(canonicalJson(manifest)),
    manifest,
    config: full,
    layers: Object.fromEntries(sorted.map(({ address, tree }) => [address, tree])),
  };
}
