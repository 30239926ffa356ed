import type { Digest, Json, Node } from '../../engine/index.ts';
import { input, step } from '../step.ts';
import { IMAGE, IMAGE_LAYER, type ImageArgs } from './image.ts';

export interface Service {
  readonly component: string;
  readonly source: Digest;
  /** The tree of the image that it is built upon. */
  readonly base: Digest;
  readonly start: string | null;
  /** Registry and name, without tag. */
  readonly imageName: string;
}

/** Assembles the image: `<component>/image`, output `image`. */
export function imageNode({ component, source, base, start }: Service): Node {
  const args: ImageArgs = { component, start };
  return step(component, 'image', {
    inputs: [input('app', source), input('base', base)],
    action: { kind: 'compute', ...IMAGE, args: args as unknown as Json, outputs: ['image'] },
  });
}

/** Makes the layer of a release: `<component>/synth`, output `files`. */
export function imageLayerNode({ component, source, imageName }: Service): Node {
  return step(component, 'synth', {
    inputs: [input('source', source), input('image', { node: `${component}/image`, output: 'image' })],
    action: { kind: 'compute', ...IMAGE_LAYER, args: { name: imageName }, outputs: ['files'] },
  });
}
