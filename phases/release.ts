import { isRead, type Need, needsOf, type Scope, type ScopedComponent, storeOf } from '../config/index.ts';
import { type Digest, type Graph, type Json, makeGraph, type Node, outputOf, type Results, type Store } from '../engine/index.ts';
import { carriedIn, LAYER, type Part, readLayerDescriptor } from '../releases/index.ts';
import type { ExpansionInputs, From, TakenOver } from './inputs.ts';
import { type Kinds, kindOf, type ReleaseContext } from './kind.ts';
import { policyNodes } from './policies.ts';
import { input, step } from './step.ts';

/**
 * The nodes that make a release's layers. Pure. A component that a promotion takes over keeps its sources, locks and image. Policies are checked on the way,
 * unless `isChecked` is false.
 */
export function expandRelease(
  kinds: Kinds,
  scope: Scope,
  inputs: ExpansionInputs,
  takenOver: Readonly<Record<string, TakenOver>> = {},
  options: { readonly isChecked?: boolean } = {},
): Graph {
  const nodes: Node[] = [];
  for (const component of Object.values(scope.components)) {
    const { address } = component;
    const kind = kindOf(kinds, component);
    if (options.isChecked !== false) nodes.push(...policyNodes(component, inputs));
    const own = takenOver[address];
    const isTaken = own !== undefined && kind.isTakenWhole;
    if (!isTaken) nodes.push(...kind.layer(component, { inputs, takenOver: own, images: imagesOf(kinds, component, scope, takenOver) }));
    const files: From = isTaken ? own.layer : { node: `${address}/synth`, output: 'files' };
    nodes.push(
      step(address, 'layer', {
        inputs: [input('files', files)],
        action: { kind: 'compute', ...LAYER, args: null, outputs: ['descriptor'] },
      }),
    );
  }
  return makeGraph(nodes);
}

/** The images that a component reads. */
function imagesOf(
  kinds: Kinds,
  component: ScopedComponent,
  scope: Scope,
  takenOver: Readonly<Record<string, TakenOver>>,
): ReleaseContext['images'] {
  const needed = needsOf(component.sections).map((need) => scope.components[need.component]);
  const producers = [...new Set(needed)].filter((producer) => producer?.spec.produces === 'image');
  return Object.fromEntries(
    producers.flatMap((producer): readonly (readonly [string, ReleaseContext['images'][string]])[] => {
      if (producer === undefined) return [];
      const name = kindOf(kinds, producer).imageName?.(producer) ?? producer.name;
      const known = takenOver[producer.address];
      if (known !== undefined) return known.image === undefined ? [] : [[producer.address, known.image]];
      return [[producer.address, { from: { node: `${producer.address}/image`, output: 'image' }, name }]];
    }),
  );
}

/** The nodes of the test phase that come with kinds; the user's own are added by `userNodes`. */
export function expandTests(kinds: Kinds, scope: Scope, inputs: ExpansionInputs): readonly Node[] {
  return Object.values(scope.components).flatMap((component) => [
    ...policyNodes(component, inputs),
    ...(kinds[component.kind]?.test?.(component, inputs) ?? []),
  ]);
}

/** The nodes of the build phase. */
export function expandBuild(kinds: Kinds, scope: Scope, inputs: ExpansionInputs): readonly Node[] {
  return Object.values(scope.components).flatMap((component) => kinds[component.kind]?.build?.(component, inputs) ?? []);
}

/** The parts of a release, from the results of its graph. */
export async function releaseParts(
  kinds: Kinds,
  scope: Scope,
  inputs: ExpansionInputs,
  results: Results,
  store: Store,
  takenOver: Readonly<Record<string, TakenOver>> = {},
): Promise<readonly Part[]> {
  return Promise.all(
    Object.values(scope.components).map(async (component): Promise<Part> => {
      const { address, name, dependsOn } = component;
      const kind = kindOf(kinds, component);
      const own = takenOver[address];
      const tree = own !== undefined && kind.isTakenWhole ? own.layer : outputOf(results, `${address}/synth`, 'files');
      if (tree === undefined) throw new TypeError(`${address} has no layer`);
      const source = inputs.sources[address];
      if (source === undefined) throw new TypeError(`the source of ${address} was not gathered`);
      return {
        address,
        layer: await descriptorOf(address, tree, results, store),
        tree,
        component: {
          kind: component.kind,
          name,
          ...carriedIn(await store.tree(tree)),
          dependsOn,
          reads: readsOf(component, scope).map(({ component: from, field }) => `${from}#${field}`),
          settings: kind.settings(component, source),
        },
      };
    }),
  );
}

/** What is read of others and known only once they ran: outputs, not images. */
function readsOf({ sections, spec }: ScopedComponent, scope: Scope): readonly Need[] {
  // Whose nodes run in another process reads in its environment, too.
  const read = spec.hasEnvironment && !spec.isModule ? { vars: sections.vars ?? {}, env: sections.env ?? {} } : (sections.vars ?? {});
  return needsOf(read as Json).filter(
    (need) => storeOf(need) !== undefined || isRead(need) || scope.components[need.component]?.spec.produces !== 'image',
  );
}

async function descriptorOf(address: string, tree: Digest, results: Results, store: Store): Promise<Part['layer']> {
  const descriptor = outputOf(results, `${address}/layer`, 'descriptor');
  if (descriptor === undefined) throw new TypeError(`${address} has no layer descriptor for ${tree}`);
  const entry = (await store.tree(descriptor)).entries[0];
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  return readLayerDescriptor(Buffer.from(bytes ?? '').toString('utf8'));
}
