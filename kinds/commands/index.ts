import type { KindSpec, ScopedComponent } from '../../config/index.ts';
import { isObject, type JsonObject, subtree } from '../../engine/index.ts';
import type { ComponentKind, ExpansionInputs } from '../../phases/index.ts';
import { checkedCommands } from './check.ts';
import { COMMAND_SETTINGS, type Commands, commandsIn } from './commands.ts';
import { COMPONENT, makeComponent } from './component.ts';
import { commandSource } from './gather.ts';
import { FILES, filesNode, makeFiles } from './layer.ts';
import { type BuildContext, buildNodes, builtTree, testNodes } from './nodes.ts';
import { rollout } from './rollout.ts';

export { COMMAND_SETTINGS, type Commands, commandsIn };

/** What tells one kind of commands from another: what configuration knows of it, and the commands of a component. */
export interface CommandKind {
  readonly name: string;
  /** What `settings.<kind>` may hold. */
  readonly settings: NonNullable<KindSpec['settings']>;
  /** The key of it that lists the names of outputs: what others can read, before anything runs. */
  readonly outputs?: string;
  /** What it leaves out is nothing to do. */
  commands(component: ScopedComponent): Partial<Commands> & Pick<Commands, 'image'>;
}

/** A kind whose components are command lines: each runs in a container, and sees what it declares. */
export function commandKind(kind: CommandKind): ComponentKind {
  const { name, settings, outputs, commands: given } = kind;
  if (typeof given !== 'function') throw new TypeError('commandKind needs "commands": a function that returns the commands of a component');
  const unknown = Object.keys(kind).find((key) => !['name', 'settings', 'outputs', 'commands'].includes(key));
  if (unknown !== undefined) throw new TypeError(`commandKind has no "${unknown}"`);
  const commands = (component: ScopedComponent): Commands => {
    const checked = checkedCommands(component.address, given(component));
    const { settings: sections } = component.sections;
    const own = isObject(sections) && isObject(sections[name]) ? (sections[name] as JsonObject) : {};
    const listed = outputs === undefined ? [] : (own[outputs] ?? []);
    const extra = checked.outputs.find((one) => !Array.isArray(listed) || !listed.includes(one));
    if (extra === undefined) return checked;
    const where =
      outputs === undefined ? 'the kind names no setting that lists them (outputs: "…")' : `settings.${name}.${outputs} does not list it`;
    throw new TypeError(`the commands of ${component.address} have the output "${extra}", but ${where}`);
  };
  const contextOf = (component: ScopedComponent, inputs: ExpansionInputs): BuildContext => {
    const source = inputs.sources[component.address];
    const image = inputs.images[commands(component).image];
    if (source === undefined || image === undefined)
      throw new TypeError(`the source or the image of ${component.address} was not gathered`);
    return { component: component.address, image: image.digest, source: source.tree, root: source.root, limits: component.limits };
  };
  return {
    spec: {
      name,
      inStacks: false,
      isModule: false,
      hasEnvironment: true,
      source: 'base-path',
      produces: outputs === undefined ? 'nothing' : 'outputs',
      settings,
      ...(outputs === undefined ? {} : { outputs }),
    },
    images: (component) => [commands(component).image],
    gather: (component, from) => commandSource(component, commands(component), from),
    build: (component, inputs) => buildNodes(contextOf(component, inputs), commands(component)),
    test: (component, inputs) => testNodes(contextOf(component, inputs), commands(component)),
    built: (component, inputs) => builtTree(contextOf(component, inputs), commands(component)),
    layer(component, context) {
      const build = contextOf(component, context.inputs);
      const nodes = context.takenOver === undefined ? buildNodes(build, commands(component)) : [];
      return [...nodes, filesNode(component, context, builtTree(build, commands(component)))];
    },
    settings(component, source): JsonObject {
      const { image, plan, rollout: run, destroy, read, outputs: names, network } = commands(component);
      const { sections, secrets, limits } = component;
      return {
        ...{ image, plan, rollout: run, destroy, read, outputs: [...names], network, root: source.root },
        ...(secrets === undefined ? {} : { secrets: { ...secrets } }),
        ...(isObject(sections.metadata) && sections.metadata.locked === true ? { locked: true } : {}),
        ...(limits === undefined ? {} : { limits: { ...limits } }),
      };
    },
    isTakenWhole: false,
    takeOver: (layer, store) => store.putTree(subtree(layer, 'source')),
    rollout,
    computes: { [FILES.name]: makeFiles, [COMPONENT.name]: makeComponent },
  };
}
