import { RegistryError } from './errors.ts';

/** Media types (image-spec v1.1; Docker's own of schema 2). */
export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

/** What names a blob or a manifest. */
export interface Descriptor<Digest extends string = string> {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest as it is written (image-spec v1.1, manifest.md). */
export interface ImageManifest<Digest extends string = string> {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA.manifest;
  readonly artifactType?: string;
  readonly config: Descriptor<Digest>;
  readonly layers: readonly Descriptor<Digest>[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is read: an image's manifest, or a list of manifests by platform. */
export type Manifest =
  | { readonly kind: 'manifest'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'index'; readonly manifests: readonly (Descriptor & { readonly platform: string })[] };

/** @throws RegistryError `refused` when it is neither */
export function readManifest(bytes: Uint8Array): Manifest {
  let value: { [key: string]: unknown };
  try {
    // What has no members has none of a manifest.
    value = (JSON.parse(Buffer.from(bytes).toString('utf8')) ?? {}) as { [key: string]: unknown };
  } catch (cause) {
    throw new RegistryError('refused', 'a manifest that is not JSON', { cause });
  }
  if (Array.isArray(value.manifests)) {
    const manifests = value.manifests.map((one: { platform?: { os?: unknown; architecture?: unknown } } | null) => ({
      ...descriptor(one),
      platform: `${String(one?.platform?.os)}/${String(one?.platform?.architecture)}`,
    }));
    return { kind: 'index', manifests };
  }
  if (!Array.isArray(value.layers)) throw new RegistryError('refused', 'unsupported manifest format');
  return { kind: 'manifest', config: descriptor(value.config), layers: value.layers.map(descriptor) };
}

function descriptor(value: unknown): Descriptor {
  const { mediaType, digest, size } = (value ?? {}) as { mediaType?: unknown; digest?: unknown; size?: unknown };
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest) || typeof size !== 'number' || size < 0) {
    throw new RegistryError('refused', 'a manifest with a descriptor that has no SHA-256 digest and size');
  }
  return { mediaType: String(mediaType), digest, size };
}
