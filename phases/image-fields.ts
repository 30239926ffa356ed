import { imageDigest } from '../containers/index.ts';
import { isObject, type Store, type Tree } from '../engine/index.ts';

/** What other components may read of an image: its digest, and its reference by digest. */
export interface ImageFields {
  readonly image: string;
  readonly digest: string;
}

/** Where a layer says what image was built with it: `{ digest, name }`. */
export const IMAGE_FILE = 'image.json';

/** The fields of an image that was assembled: `image` is its tree, `name` what it is called, without tag. */
export function fieldsOf(image: Tree, name: string): ImageFields {
  const digest = imageDigest(image);
  return { image: `${name}@${digest}`, digest };
}

/** The fields of the image that a layer speaks of; `undefined` where it has none. */
export async function imageFields(layer: Tree, store: Pick<Store, 'get'>): Promise<ImageFields | undefined> {
  const entry = layer.entries.find(({ path }) => path === IMAGE_FILE);
  return entry === undefined ? undefined : read(await store.get(entry.digest));
}

function read(bytes: Uint8Array | undefined): ImageFields {
  const value: unknown = JSON.parse(Buffer.from(bytes ?? '').toString('utf8'));
  if (!isObject(value) || typeof value.digest !== 'string' || typeof value.name !== 'string') throw new TypeError('not an image.json');
  return { image: `${value.name}@${value.digest}`, digest: value.digest };
}
