import { isDeferred } from '../config/index.ts';
import { type ComputeIo, type Input, isObject, type Json, type JsonObject } from '../engine/index.ts';
import { fieldsOf } from './image-fields.ts';
import type { ReleaseContext } from './kind.ts';
import { input } from './step.ts';

/** What a node that makes a layer knows of the images that its component reads. */
export interface ImageArgs {
  /** Names of the images that are inputs `image/<address>`. */
  readonly images: Readonly<Record<string, string>>;
  /** What is known without a node: images that a promotion takes over. */
  readonly produced: Readonly<Record<string, JsonObject>>;
}

/** The arguments and inputs of such a node. */
export function imageReads(images: ReleaseContext['images']): { readonly args: ImageArgs; readonly inputs: readonly Input[] } {
  const built = Object.entries(images).flatMap(([address, one]) => ('from' in one ? [{ address, ...one }] : []));
  const known = Object.entries(images).flatMap(([address, one]) => ('from' in one ? [] : [[address, { ...one }] as const]));
  return {
    args: { images: Object.fromEntries(built.map(({ address, name }) => [address, name])), produced: Object.fromEntries(known) },
    inputs: built.map(({ address, from }) => input(`image/${address}`, from)),
  };
}

/** The fields of all these images, by address. */
export function producedImages({ images, produced }: ImageArgs, io: ComputeIo): Readonly<Record<string, JsonObject>> {
  const built = Object.entries(images).map(([address, name]) => [address, { ...fieldsOf(io.input(`image/${address}`), name) }] as const);
  return { ...produced, ...Object.fromEntries(built) };
}

/** Whether a value, or something within it, is yet to be produced. */
export function holdsDeferred(value: Json): boolean {
  if (isDeferred(value)) return true;
  if (Array.isArray(value)) return value.some(holdsDeferred);
  return isObject(value) && Object.values(value).some((one) => holdsDeferred(one as Json));
}
