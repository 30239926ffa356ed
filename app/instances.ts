import { join } from 'node:path/posix';
import { type ConfigFiles, inspectModule, statePlace, type TerraformModule } from '../config/index.ts';
import { AtmosError, type Digest, type JsonObject, shortId, subtree, type Tree, together } from '../engine/index.ts';
import { type Instance, type Instances, type LayerTrees, lockOf, providersOf, takeApart, terraformImage } from '../phases/index.ts';
import type { Release, ReleaseComponent } from '../releases/index.ts';
import { refuseOverridden } from './own-values.ts';
import { knownValue, quoted, secretsOf } from './secrets.ts';
import { stateDirectory } from './state-file.ts';
import { storeTrees, type Values } from './stores/index.ts';
import type { Workspace } from './workspace.ts';

/** Data directories that `init` made while the release was made, by address. */
export type Initialized = Readonly<Record<string, Digest>>;

export interface InstanceOptions {
  readonly initialized?: Initialized;
  /** Read what they read of stores, too. */
  readonly stores?: boolean;
  /** What they read of components that are somebody else's. */
  readonly elsewhere?: Values;
}

/**
 * Reads what the nodes of a release's components need beside it: the trees in their layers, the providers that their modules require. Components that
 * have nothing to run are left out.
 * @throws AtmosError `no-such-component`, `no-store`, `store-unreachable`
 */
export async function instancesOf(
  workspace: Workspace,
  release: Release,
  addresses: Iterable<string>,
  { initialized = {}, stores = false, elsewhere = {} }: InstanceOptions = {},
): Promise<Instances> {
  const { deployment, target, components, images } = release.config;
  const wanted = [...addresses].filter((address) => componentOf(release, address).kind === 'terraform');
  const read = stores ? await storeTrees(workspace, release, new Set(wanted), elsewhere) : {};
  const instances = await together(wanted, async (address): Promise<[string, Instance]> => {
    const component = components[address] as ReleaseComponent;
    const layer = release.layers[address];
    const image = images[terraformImage(String(component.settings.command))];
    if (layer === undefined || image === undefined) throw new TypeError(`release ${release.digest} has no layer or image of ${address}`);
    const { trees, outputs, variableTypes } = await layerTrees(workspace, release, layer, component);
    return [
      address,
      {
        address,
        component,
        image: image.digest,
        secrets: secretsOf(release, component).map((ref) => (isExpression(ref.name, variableTypes) ? quoted(ref) : ref)),
        trees: { ...trees, data: initialized[address] },
        outputs,
        variableTypes,
        stores: read[address],
        stateDir: stateDirectory(deployment, target, address),
        statePlace: await placeOf(workspace, release, component, trees.backend),
      },
    ];
  });
  return Object.fromEntries(instances);
}

/** Whether Terraform reads a variable's value in the environment as an expression: any that is not declared to be a plain value, or not at all. */
function isExpression(name: string, types: Readonly<Record<string, string>>): boolean {
  const type = name.startsWith('TF_VAR_') ? types[name.slice('TF_VAR_'.length)] : undefined;
  return type !== undefined && !['string', 'number', 'bool'].includes(type);
}

/** Where a component's state lies, by the backend file in its layer. */
async function placeOf({ store }: Workspace, release: Release, component: ReleaseComponent, backend: Digest): Promise<string | undefined> {
  const { config } = release;
  const { settings } = component;
  const type = String(settings.backend_type);
  const [file] = (await store.tree(backend)).entries;
  const bytes = file === undefined ? undefined : await store.get(file.digest);
  const written = bytes === undefined ? {} : (JSON.parse(Buffer.from(bytes).toString('utf8')) as BackendFile);
  return statePlace({
    type,
    backend: written.terraform?.backend?.[type] ?? {},
    workspace: String(settings.workspace),
    env: (settings.env ?? {}) as JsonObject,
    secrets: Object.fromEntries(secretsOf(release, component).map(({ name, from }) => [name, knownValue(from)])),
    owner: () => `${config.deployment}/${config.target}`,
  });
}

interface BackendFile {
  readonly terraform?: { readonly backend?: Readonly<Record<string, JsonObject>> };
}

/** @throws AtmosError `no-such-component` */
export function componentOf({ config, digest }: Release, address: string): ReleaseComponent {
  const component = config.components[address];
  if (component !== undefined) return component;
  throw new AtmosError(`release ${shortId(digest)} has no component ${address}, though the ledger says that it was applied with it`, {
    kind: 'failed',
    code: 'no-such-component',
    hint: `look at both: atmos-deployment release show ${shortId(digest)}, atmos-deployment history ${config.deployment} --target ${config.target}`,
  });
}

interface Layer {
  readonly trees: Omit<LayerTrees, 'data'>;
  /** The outputs that the root module declares, and what kinds of values its variables take. */
  readonly outputs: readonly string[];
  readonly variableTypes: Readonly<Record<string, string>>;
}

async function layerTrees(workspace: Workspace, release: Release, layer: Digest, component: ReleaseComponent): Promise<Layer> {
  const { settings } = component;
  const { store, providers: from, cache } = workspace;
  const root = String(settings.root);
  const tree = await store.tree(layer);
  const files = treeFiles(subtree(tree, 'source'), (digest) => store.get(digest));
  const modules = new Map<string, TerraformModule>();
  const visit = async (dir: string): Promise<void> => {
    if (modules.has(dir)) return;
    const module = await inspectModule(files, dir, cache, settings.command);
    modules.set(dir, module);
    for (const local of module.localModules) await visit(join(dir, local));
  };
  const start = root === '' ? '.' : root;
  await visit(start);
  const providers = await providersOf([...modules.values()], lockOf(tree), { store, providers: from });
  const { outputs = [], variableTypes = {} } = modules.get(start) ?? {};
  await refuseOverridden(files, start, component.name, secretsOf(release, component));
  return { trees: { ...(await takeApart(layer, root, store)), providers }, outputs, variableTypes };
}

/** A tree as configuration files are read. */
function treeFiles(tree: Tree, get: (digest: Digest) => Promise<Uint8Array | undefined>): ConfigFiles {
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const clean = (path: string): string => path.replace(/^\.\/?/, '');
  return {
    async read(path) {
      const entry = entries.get(clean(path));
      return entry === undefined ? undefined : get(entry.digest);
    },
    async list(dir) {
      const prefix = clean(dir) === '' ? '' : `${clean(dir)}/`;
      return [...entries.keys()].filter((path) => path.startsWith(prefix)).map((path) => (dir === '.' ? `./${path}` : path));
    },
  };
}
