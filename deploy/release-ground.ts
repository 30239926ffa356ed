import { join } from 'node:path/posix';
import { type ConfigFiles, inspectModule, type TerraformModule } from '../config/index.ts';
import { type Digest, subtree, type Tree, together } from '../engine/index.ts';
import { type LayerTrees, lockOf, providersOf, type ReleaseGround, takeApart } from '../phases/index.ts';
import type { Release, ReleaseComponent } from '../releases/index.ts';
import type { Workspace } from './workspace.ts';

/** Data directories that `init` made while the release was made, by address. */
export type Initialized = Readonly<Record<string, Digest>>;

/** Reads what rolling out a release needs beside it: the trees in its layers, the providers that their modules require. */
export async function releaseGround(
  workspace: Workspace,
  release: Release,
  initialized: Initialized = {},
): Promise<Omit<ReleaseGround, 'stores'>> {
  const { deployment, target, components } = release.config;
  const terraform = Object.entries(components).filter(([, { kind }]) => kind === 'terraform');
  const layers = await together(terraform, async ([address, component]) => {
    const layer = release.layers[address];
    if (layer === undefined) throw new TypeError(`release ${release.digest} has no layer of ${address}`);
    return [address, { ...(await layerTrees(workspace, layer, component)), data: initialized[address] }] as const;
  });
  return { layers: Object.fromEntries(layers), stateDir: (address) => stateDir(deployment, target, address) };
}

async function layerTrees(workspace: Workspace, layer: Digest, { settings }: ReleaseComponent): Promise<Omit<LayerTrees, 'data'>> {
  const { store, providers: from, cache } = workspace;
  const root = String(settings.root);
  const tree = await store.tree(layer);
  const files = treeFiles(subtree(tree, 'source'), (digest) => store.get(digest));
  const modules = new Map<string, TerraformModule>();
  const visit = async (dir: string): Promise<void> => {
    if (modules.has(dir)) return;
    const module = await inspectModule(files, dir, cache);
    modules.set(dir, module);
    for (const local of module.localModules) await visit(join(dir, local));
  };
  await visit(root === '' ? '.' : root);
  const providers = await providersOf([...modules.values()], lockOf(tree), { store, providers: from });
  return { ...(await takeApart(layer, root, store)), providers };
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

/** Where a component's local state lies below the state root. `/` in its name becomes `+`, so that no state lies in another's directory. */
function stateDir(deployment: string, target: string, address: string): string {
  const [kind = '', ...name] = address.split('/');
  return `${deployment}/${target}/${kind}/${name.join('+')}`;
}
