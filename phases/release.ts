import { type Need, needsOf, type Scope, type ScopedComponent } from '../config/index.ts';
import {
  AtmosError,
  type Digest,
  type Graph,
  type Input,
  isObject,
  type Json,
  type JsonObject,
  makeGraph,
  type Node,
  outputOf,
  type Results,
  type Store,
} from '../engine/index.ts';
import { carriedIn, LAYER, type Part, readLayerDescriptor } from '../releases/index.ts';
import { baseOf, type Ground, readSetting, type TakenOver, terraformImage } from './ground.ts';
import { imageLayerNode, imageNodes, type Service } from './nixpack/index.ts';
import { policyNodes } from './policies.ts';
import { input, step } from './step.ts';
import { prepareNodes, SYNTH, type SynthArgs, terraformTests, type Workbench } from './terraform/index.ts';

/** What a component's image is called, without tag: `registry.example.com/payment-api`. */
function imageName(component: ScopedComponent): string {
  const { image } = component.sections.vars as { readonly image?: JsonObject };
  const parts = [image?.registry, image?.name ?? component.name].filter((part) => typeof part === 'string' && part !== '');
  return parts.join('/');
}

/**
 * The nodes that make a release's layers: build, init without backend, synth. Pure. A component that a promotion takes over keeps its
 * source, lock file and image. Policies are checked on the way, unless `isChecked` is false.
 */
export function expandRelease(
  scope: Scope,
  ground: Ground,
  takenOver: Readonly<Record<string, TakenOver>> = {},
  options: { readonly isChecked?: boolean } = {},
): Graph {
  const nodes: Node[] = [];
  for (const component of Object.values(scope.components)) {
    if (options.isChecked !== false) nodes.push(...policyNodes(component, ground));
    const own = takenOver[component.address];
    let files: Input['from'] = { node: `${component.address}/synth`, output: 'files' };
    if (component.kind === 'nixpack' && own !== undefined) {
      files = own.layer;
    } else if (component.kind === 'nixpack') {
      const service = serviceOf(component, ground);
      nodes.push(...imageNodes(service), imageLayerNode(service));
    } else if (component.kind === 'terraform') {
      nodes.push(...terraformLayerNodes(component, scope, ground, takenOver));
    } else {
      throw new AtmosError(`${component.address}: components of kind ${component.kind} cannot be deployed by this version`, {
        kind: 'invalid',
        code: 'unsupported-kind',
        hint: 'kinds that can: terraform, nixpack',
      });
    }
    nodes.push(
      step(component.address, 'layer', {
        inputs: [input('files', files)],
        action: { kind: 'compute', ...LAYER, args: null, outputs: ['descriptor'] },
      }),
    );
  }
  return makeGraph(nodes);
}

function terraformLayerNodes(
  component: ScopedComponent,
  scope: Scope,
  ground: Ground,
  takenOver: Readonly<Record<string, TakenOver>>,
): readonly Node[] {
  const own = takenOver[component.address];
  const bench = workbenchOf(component, ground);
  const { sections, address } = component;
  const imageNeeds = imagesRead(component);
  const built = imageNeeds.filter((needed) => takenOver[needed] === undefined);
  const names = built.map((needed) => {
    const producer = scope.components[needed];
    if (producer === undefined) throw new TypeError(`${address} reads the image of ${needed}, which is not in the scope`);
    return [needed, imageName(producer)] as const;
  });
  const args: SynthArgs = {
    vars: (sections.vars ?? {}) as JsonObject,
    backendType: String(sections.backend_type ?? 'local'),
    backend: (sections.backend ?? {}) as JsonObject,
    providers: (sections.providers ?? {}) as JsonObject,
    images: Object.fromEntries(names),
    produced: Object.fromEntries(
      imageNeeds.flatMap((needed) => (takenOver[needed]?.image === undefined ? [] : [[needed, { ...takenOver[needed].image }]])),
    ),
  };
  const synth = step(address, 'synth', {
    inputs: [
      input('source', bench.source),
      input('lock', own === undefined ? { node: `${address}/init`, output: 'lock' } : own.lock),
      ...built.map((needed) => input(`image/${needed}`, { node: `${needed}/image`, output: 'image' })),
    ],
    action: { kind: 'compute', ...SYNTH, args: args as unknown as Json, outputs: ['files'] },
  });
  return own === undefined ? [...prepareNodes(bench), synth] : [synth];
}

/** The nodes of the test phase that come with a kind; the user's own are added by `userNodes`. */
export function expandTests(scope: Scope, ground: Ground): readonly Node[] {
  return Object.values(scope.components).flatMap((component) => {
    const policies = policyNodes(component, ground);
    if (component.kind !== 'terraform') return policies;
    return [...policies, ...terraformTests(workbenchOf(component, ground), ground.sources[component.address]?.hasTests ?? false)];
  });
}

/** The nodes of the build phase: images. */
export function expandBuild(scope: Scope, ground: Ground): readonly Node[] {
  return Object.values(scope.components).flatMap((component) =>
    component.kind === 'nixpack' ? imageNodes(serviceOf(component, ground)) : [],
  );
}

function workbenchOf(component: ScopedComponent, ground: Ground): Workbench {
  const command = String(component.sections.command ?? 'terraform');
  const source = ground.sources[component.address];
  const image = ground.images[terraformImage(command)];
  if (source === undefined || image === undefined) throw new TypeError(`no ground for ${component.address}`);
  return {
    component: component.address,
    image: image.digest,
    command,
    backendType: String(component.sections.backend_type ?? 'local'),
    source: source.tree,
    root: source.root,
    providers: source.providers,
    limits: component.limits,
  };
}

export function serviceOf(component: ScopedComponent, ground: Ground): Service {
  const { sections } = component;
  const source = ground.sources[component.address];
  const image = ground.images[baseOf(sections)];
  const tree = ground.bases[baseOf(sections)];
  if (source === undefined || image === undefined || tree === undefined) throw new TypeError(`no ground for ${component.address}`);
  return {
    component: component.address,
    source: source.tree,
    base: { digest: image.digest, tree },
    install: readSetting(sections, 'install') ?? null,
    build: readSetting(sections, 'build') ?? null,
    start: readSetting(sections, 'start') ?? null,
    imageName: imageName(component),
    limits: component.limits,
  };
}

/** The nixpack components whose images a component reads. */
function imagesRead(component: ScopedComponent): readonly string[] {
  return [...new Set(needsOf(component.sections).map(({ component: needed }) => needed))].filter((needed) => needed.startsWith('nixpack/'));
}

/** The parts of a release, from the results of its graph. */
export async function releaseParts(
  scope: Scope,
  ground: Ground,
  results: Results,
  store: Store,
  takenOver: Readonly<Record<string, TakenOver>> = {},
): Promise<readonly Part[]> {
  return Promise.all(
    Object.values(scope.components).map(async (component): Promise<Part> => {
      const { address, sections, kind, name, dependsOn } = component;
      const own = takenOver[address];
      const keeps = own !== undefined && kind === 'nixpack';
      const tree = keeps ? own.layer : outputOf(results, `${address}/synth`, 'files');
      if (tree === undefined) throw new TypeError(`${address} has no layer`);
      const layer = await descriptorOf(address, tree, results, store);
      const source = ground.sources[address];
      if (source === undefined) throw new TypeError(`no ground for ${address}`);
      return {
        address,
        layer,
        tree,
        component: {
          kind,
          name,
          ...carriedIn(await store.tree(tree)),
          dependsOn,
          reads: readsOf(component).map(({ component: from, field }) => `${from}#${field}`),
          settings:
            kind === 'nixpack'
              ? { image: imageName(component) }
              : {
                  command: String(sections.command ?? 'terraform'),
                  workspace: String(sections.workspace ?? 'default'),
                  backend_type: String(sections.backend_type ?? 'local'),
                  root: source.root,
                  env: textValues(withoutSecrets(component)),
                  ...(component.secrets === undefined ? {} : { secrets: { ...component.secrets } }),
                  ...(component.hooks === undefined ? {} : { hooks: component.hooks as unknown as Json }),
                  ...(isLocked(component) ? { locked: true } : {}),
                  ...(component.limits === undefined ? {} : { limits: { ...component.limits } }),
                },
        },
      };
    }),
  );
}

/** `metadata.locked: true`: it is neither applied nor destroyed. */
function isLocked({ sections }: ScopedComponent): boolean {
  return isObject(sections.metadata) && sections.metadata.locked === true;
}

/** What is read of others and known only once they ran: outputs, not images. */
function readsOf(component: ScopedComponent): readonly Need[] {
  return needsOf((component.sections.vars ?? {}) as Json).filter(({ component: from }) => !from.startsWith('nixpack/'));
}

async function descriptorOf(address: string, tree: Digest, results: Results, store: Store): Promise<Part['layer']> {
  const descriptor = outputOf(results, `${address}/layer`, 'descriptor');
  if (descriptor === undefined) throw new TypeError(`${address} has no layer descriptor for ${tree}`);
  const entry = (await store.tree(descriptor)).entries[0];
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  return readLayerDescriptor(Buffer.from(bytes ?? '').toString('utf8'));
}

/** The environment that a component is given by its release. */
function withoutSecrets({ sections, secrets = {} }: ScopedComponent): JsonObject {
  return Object.fromEntries(Object.entries((sections.env ?? {}) as JsonObject).filter(([name]) => !Object.hasOwn(secrets, name)));
}

function textValues(env: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === null ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
