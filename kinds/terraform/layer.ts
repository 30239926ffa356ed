import type { ScopedComponent } from '../../config/index.ts';
import { isObject, type Json, type JsonObject, type Node } from '../../engine/index.ts';
import { type ExpansionInputs, environmentOf, imageReads, input, type ReleaseContext, type SourceOf, step } from '../../phases/index.ts';
import { commandOf, imageOf } from './command.ts';
import { type ModuleContext, prepareNodes } from './prepare.ts';
import { SYNTH, type SynthArgs } from './synth.ts';

/** What the nodes of a component share before it is rolled out. */
export function moduleOf(component: ScopedComponent, inputs: ExpansionInputs): ModuleContext {
  const { address, sections, limits } = component;
  const command = commandOf(component);
  const source = inputs.sources[address];
  const image = inputs.images[imageOf(command)];
  if (source === undefined || image === undefined) throw new TypeError(`the source or the image of ${address} was not gathered`);
  return {
    component: address,
    image: image.digest,
    command,
    backendType: String(sections.backend_type ?? 'local'),
    source: source.tree,
    root: source.root,
    providers: source.module?.providers,
    limits,
  };
}

/** `init` without a backend, and the generated files. A component that a promotion takes over keeps its source and its lock file, and needs no `init`. */
export function layerNodes(component: ScopedComponent, { inputs, takenOver, images }: ReleaseContext): readonly Node[] {
  const module = moduleOf(component, inputs);
  const { sections, address } = component;
  const reads = imageReads(images);
  const args: SynthArgs = {
    vars: (sections.vars ?? {}) as JsonObject,
    backendType: String(sections.backend_type ?? 'local'),
    backend: (sections.backend ?? {}) as JsonObject,
    providers: (sections.providers ?? {}) as JsonObject,
    ...reads.args,
  };
  const synth = step(address, 'synth', {
    inputs: [
      input('source', module.source),
      input('lock', takenOver?.parts ?? { node: `${address}/init`, output: 'lock' }),
      ...reads.inputs,
    ],
    action: { kind: 'compute', ...SYNTH, args: args as unknown as Json, outputs: ['files'] },
  });
  return takenOver === undefined ? [...prepareNodes(module), synth] : [synth];
}

/** What a release says of a component beside its layer. */
export function settingsOf(component: ScopedComponent, source: SourceOf): JsonObject {
  const { sections, secrets, hooks, limits } = component;
  return {
    command: commandOf(component),
    workspace: String(sections.workspace ?? 'default'),
    backend_type: String(sections.backend_type ?? 'local'),
    root: source.root,
    env: environmentOf(component),
    ...(secrets === undefined ? {} : { secrets: { ...secrets } }),
    ...(hooks === undefined ? {} : { hooks: hooks as unknown as Json }),
    ...(isLocked(component) ? { locked: true } : {}),
    ...(limits === undefined ? {} : { limits: { ...limits } }),
  };
}

/** `metadata.locked: true`: it is neither applied nor destroyed. */
function isLocked({ sections }: ScopedComponent): boolean {
  return isObject(sections.metadata) && sections.metadata.locked === true;
}
