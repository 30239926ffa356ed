import { type Digest, isObject, makeTree, overlay, type Store, subtree, type Tree } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';
import type { TakenOver } from './ground.ts';
import type { LayerTrees } from './rollout.ts';

/** A component's lock file alone: the tree that `init` exports and a layer holds. */
export function lockOf(layer: Tree): Tree {
  return { entries: layer.entries.filter(({ path }) => path === '.terraform.lock.hcl') };
}

/** The trees that rolling out a layer needs, but for its providers. */
export async function takeApart(layer: Digest, root: string, store: Store): Promise<Omit<LayerTrees, 'providers' | 'data'>> {
  const tree = await store.tree(layer);
  const source = overlay([
    { at: '', tree: subtree(tree, 'source') },
    { at: root, tree: lockOf(tree) },
  ]);
  const backend = makeTree(tree.entries.filter(({ path }) => path === 'backend.tf.json'));
  return { layer, source: await store.putTree(source), backend: await store.putTree(backend) };
}

/** What a promotion takes over from the release that the source target runs. */
export async function takeOver(release: Release, store: Store): Promise<Readonly<Record<string, TakenOver>>> {
  const taken: Record<string, TakenOver> = {};
  for (const [address, layer] of Object.entries(release.layers)) {
    const tree = await store.tree(layer);
    const image = tree.entries.find(({ path }) => path === 'image.json');
    taken[address] = {
      layer,
      lock: await store.putTree(lockOf(tree)),
      image: image === undefined ? undefined : imageFields(await store.get(image.digest)),
    };
  }
  return taken;
}

function imageFields(bytes: Uint8Array | undefined): { image: string; digest: string } {
  const value: unknown = JSON.parse(Buffer.from(bytes ?? '').toString('utf8'));
  if (!isObject(value) || typeof value.digest !== 'string' || typeof value.name !== 'string') throw new TypeError('not an image.json');
  return { image: `${value.name}@${value.digest}`, digest: value.digest };
}
