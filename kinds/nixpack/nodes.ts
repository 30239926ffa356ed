import type { NodeLimits } from '../../config/index.ts';
import type { Digest, Input, Json, Node } from '../../engine/index.ts';
import { exec, input, script, step } from '../../phases/index.ts';
import { IMAGE, IMAGE_LAYER, type ImageArgs } from './image.ts';

export interface Service {
  readonly component: string;
  readonly source: Digest;
  /** The image that it is built in and upon, by its digest and as a tree. */
  readonly base: { readonly digest: Digest; readonly tree: Digest };
  /** Command lines; `null` where there is nothing to do. */
  readonly install: string | null;
  readonly build: string | null;
  /** `null` takes `scripts.start` of its package.json. */
  readonly start: string | null;
  /** Registry and name, without tag. */
  readonly imageName: string;
  /** What its nodes may use, where that is not as usual. */
  readonly limits?: NodeLimits | undefined;
}

/** Runs a command line in a writable copy of what came before, and exports all of it. */
const RUN = `cp -RP /source/. /out/app
cd /out/app
run sh -c "$1"
`;

/** What the install and build commands make of a service's source: a tree, from the source itself or from the last of its nodes. */
export function builtTree({ component, source, install, build }: Service): Input['from'] {
  const last = build !== null ? 'build' : install !== null ? 'install' : undefined;
  return last === undefined ? source : { node: `${component}/${last}`, output: 'app' };
}

/** `<component>/install` and `<component>/build`, as far as there is something to do, and `<component>/image`, output `image`. */
export function imageNodes(service: Service): readonly Node[] {
  const { component, source, base, install, build, start } = service;
  const args: ImageArgs = { component, start };
  const installed: Input['from'] = install === null ? source : { node: `${component}/install`, output: 'app' };
  return [
    // Packages come from a registry; whatever else the command needs is declared by the files that it reads.
    ...(install === null ? [] : [commandNode(service, 'install', install, source, 'bridge')]),
    ...(build === null ? [] : [commandNode(service, 'build', build, installed, 'none')]),
    step(component, 'image', {
      inputs: [input('app', builtTree(service)), input('source', source), input('base', base.tree)],
      action: { kind: 'compute', ...IMAGE, args: args as unknown as Json, outputs: ['image'] },
    }),
  ];
}

function commandNode(
  { component, base, limits }: Service,
  name: string,
  command: string,
  from: Input['from'],
  network: 'none' | 'bridge',
): Node {
  return step(component, name, {
    inputs: [input('/source', from)],
    action: exec({ image: base.digest, argv: script(RUN, command), network, limits, outputs: [{ name: 'app', path: '/out/app' }] }),
  });
}

/** Makes the layer of a release: `<component>/synth`, output `files`. */
export function imageLayerNode({ component, source, imageName }: Service): Node {
  return step(component, 'synth', {
    inputs: [input('source', source), input('image', { node: `${component}/image`, output: 'image' })],
    action: { kind: 'compute', ...IMAGE_LAYER, args: { name: imageName }, outputs: ['files'] },
  });
}
