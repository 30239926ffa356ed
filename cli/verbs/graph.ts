import { type DeploymentGraph, graphOf } from '../../app/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly as: 'text' | 'mermaid' | 'dot';
}

export async function graph(globals: Globals, name: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const found = await graphOf(workspace, name, options.target);
    await print(globals.format, found, () => FORMS[options.as](name, found));
  });
}

const FORMS: Readonly<Record<Options['as'], (name: string, found: DeploymentGraph) => string>> = {
  text(name, { targets, components }) {
    const after = (names: readonly string[]): string => (names.length === 0 ? '' : `  after ${names.join(', ')}`);
    const asks = (approvals: number): string => (approvals === 0 ? '' : `  needs ${approvals} approval${approvals === 1 ? '' : 's'}`);
    return [
      name,
      ...components.map(({ address, dependsOn }) => `  ${address}${after(dependsOn)}`),
      'targets',
      ...targets.map(({ name: target, from, approvals }) => `  ${target}${after(from)}${asks(approvals)}`),
    ].join('\n');
  },
  mermaid(_, { targets, components }) {
    const id = (text: string): string => text.replaceAll(/\W/g, '_');
    return [
      'flowchart LR',
      ...components.map(({ address }) => `  ${id(address)}["${address}"]`),
      ...components.flatMap(({ address, dependsOn }) => dependsOn.map((from) => `  ${id(from)} --> ${id(address)}`)),
      ...targets.map(({ name }) => `  target_${id(name)}(["${name}"])`),
      ...targets.flatMap(({ name, from }) => from.map((source) => `  target_${id(source)} -. promotion .-> target_${id(name)}`)),
    ].join('\n');
  },
  dot(name, { targets, components }) {
    const quote = (text: string): string => JSON.stringify(text);
    return [
      `digraph ${quote(name)} {`,
      '  rankdir=LR;',
      ...components.map(({ address }) => `  ${quote(address)} [shape=box];`),
      ...components.flatMap(({ address, dependsOn }) => dependsOn.map((from) => `  ${quote(from)} -> ${quote(address)};`)),
      ...targets.map((target) => `  ${quote(target.name)} [shape=ellipse];`),
      ...targets.flatMap(({ name: target, from }) => from.map((source) => `  ${quote(source)} -> ${quote(target)} [style=dashed];`)),
      '}',
    ].join('\n');
  },
};
