import type { ScopedComponent } from '../../config/index.ts';
import { isObject, type JsonObject } from '../../engine/index.ts';
import { type ComponentKind, type ExpansionInputs, plainSource } from '../../phases/index.ts';
import { buildImage, IMAGE, IMAGE_LAYER, imageLayer } from './image.ts';
import { builtTree, imageLayerNode, imageNodes, type Service } from './nodes.ts';

/** Images that are built from source. They have nothing to run: an image reaches its target through the components that read its digest. */
export const nixpack: ComponentKind = {
  spec: {
    name: 'nixpack',
    inStacks: false,
    isModule: false,
    hasEnvironment: false,
    source: 'vars',
    produces: 'image',
    settings: {
      base: { type: 'string' },
      install: { type: 'string' },
      build: { type: 'string' },
      start: { type: 'string' },
      publish: { type: 'boolean' },
      dockerfile_escape: { type: 'boolean' },
    },
  },
  images: (component) => [baseOf(component)],
  base: baseOf,
  gather: plainSource,
  build: (component, inputs) => imageNodes(serviceOf(component, inputs)),
  built: (component, inputs) => builtTree(serviceOf(component, inputs)),
  imageName,
  layer(component, { inputs }) {
    const service = serviceOf(component, inputs);
    return [...imageNodes(service), imageLayerNode(service)];
  },
  settings: (component) => ({ image: imageName(component) }),
  isTakenWhole: true,
  computes: { [IMAGE.name]: buildImage, [IMAGE_LAYER.name]: imageLayer },
};

/** What a component's image is called, without tag: `registry.example.com/payment-api`. */
function imageName({ sections, name }: ScopedComponent): string {
  const { image } = sections.vars as { readonly image?: JsonObject };
  const parts = [image?.registry, image?.name ?? name].filter((part) => typeof part === 'string' && part !== '');
  return parts.join('/');
}

/** Which image a component is built upon: `settings.nixpack.base`, else `node`. */
function baseOf(component: ScopedComponent): string {
  return readSetting(component, 'base') ?? 'node';
}

/** A text under `settings.nixpack`. */
function readSetting({ sections }: ScopedComponent, name: string): string | undefined {
  const own = isObject(sections.settings) ? sections.settings.nixpack : undefined;
  const value = isObject(own) ? own[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function serviceOf(component: ScopedComponent, inputs: ExpansionInputs): Service {
  const source = inputs.sources[component.address];
  const image = inputs.images[baseOf(component)];
  const tree = inputs.bases[baseOf(component)];
  if (source === undefined || image === undefined || tree === undefined)
    throw new TypeError(`the inputs of ${component.address} were not gathered`);
  return {
    component: component.address,
    source: source.tree,
    base: { digest: image.digest, tree },
    install: readSetting(component, 'install') ?? null,
    build: readSetting(component, 'build') ?? null,
    start: readSetting(component, 'start') ?? null,
    imageName: imageName(component),
    limits: component.limits,
  };
}
