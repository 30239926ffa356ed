import { type ComputeFunction, canonicalJson, type Digest, isDigest, isObject, makeTree, packTreeBytes, sha256 } from '../engine/index.ts';
import type { Descriptor } from '../oci/index.ts';

export const LAYER = { name: 'release-layer', version: 1 } as const;

/** A layer's digest and length in bytes. */
export type LayerDescriptor = Pick<Descriptor<Digest>, 'digest' | 'size'>;

/**
 * The digest that a tree has as a layer (a deterministic tar). Input `files`; output `descriptor`, one file `layer.json`.
 * The tar itself is not kept: it is made again from the tree whenever it is asked for.
 */
export const describeLayer: ComputeFunction = async (_args, io) => {
  const bytes = await packTreeBytes(io.input('files'), io.read);
  const text = canonicalJson({ digest: sha256(bytes), size: bytes.length } satisfies LayerDescriptor);
  return { descriptor: makeTree([{ path: 'layer.json', mode: '644', ...(await io.put(text)) }]) };
};

export function readLayerDescriptor(text: string): LayerDescriptor {
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || !isDigest(value.digest) || typeof value.size !== 'number') throw new TypeError('not a layer.json');
  return { digest: value.digest, size: value.size };
}
