import { join } from 'node:path/posix';
import { type ConfigFiles, inspectModule, statePlace, type TerraformModule } from '../../config/index.ts';
import { type Digest, type JsonObject, subtree, type Tree } from '../../engine/index.ts';
import type { Opened, OpenRequest } from '../../phases/index.ts';
import { lockOf, splitLayer } from './layers.ts';
import { refuseOverridden } from './overridden.ts';
import { providersOf } from './providers.ts';

/** Reads what the nodes of a component need of its layer: its trees, the providers that its modules require, what these declare. */
export async function openLayer(request: OpenRequest): Promise<Opened> {
  const { component, layer, store, cache, providers: from, secrets, prepared } = request;
  const { settings } = component;
  const root = String(settings.root);
  const tree = await store.tree(layer);
  const files = treeFiles(subtree(tree, 'source'), (digest) => store.get(digest));
  const modules = new Map<string, TerraformModule>();
  const visit = async (dir: string): Promise<void> => {
    if (modules.has(dir)) return;
    const module = await inspectModule({ files, cache }, dir, settings.command);
    modules.set(dir, module);
    for (const local of module.localModules) await visit(join(dir, local));
  };
  const start = root === '' ? '.' : root;
  await visit(start);
  const providers = await providersOf([...modules.values()], lockOf(tree), String(settings.command), { store, providers: from });
  const { outputs = [], variableTypes = {} } = modules.get(start) ?? {};
  await refuseOverridden(files, start, component.name, secrets);
  const trees = await splitLayer(tree, root, store);
  return {
    outputs,
    variableTypes,
    expressions: new Set(secrets.map(({ name }) => name).filter((name) => isExpression(name, variableTypes))),
    state: {
      backend: String(settings.backend_type),
      workspace: String(settings.workspace),
      place: await placeOf(request, trees.backend),
      config: trees.backend,
    },
    trees: { ...trees, providers, data: prepared },
  };
}

/** Whether Terraform reads a variable's value in the environment as an expression: any that is not declared to be a plain value, or not at all. */
function isExpression(name: string, types: Readonly<Record<string, string>>): boolean {
  const type = name.startsWith('TF_VAR_') ? types[name.slice('TF_VAR_'.length)] : undefined;
  return type !== undefined && !['string', 'number', 'bool'].includes(type);
}

/** Where a component's state lies, by the backend file in its layer. */
async function placeOf({ component, store, secrets, owner, knownValue }: OpenRequest, backend: Digest): Promise<string | undefined> {
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
    secrets: Object.fromEntries(secrets.map(({ name, from }) => [name, knownValue(from)])),
    owner: () => owner,
  });
}

interface BackendFile {
  readonly terraform?: { readonly backend?: Readonly<Record<string, JsonObject>> };
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
