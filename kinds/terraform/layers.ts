import { type Digest, makeTree, overlay, type Store, subtree, type Tree } from '../../engine/index.ts';

export const LOCK_FILE = '.terraform.lock.hcl';

/** A component's lock file alone: the tree that `init` exports and a layer holds; empty when there is none. */
export function lockOf(layer: Tree): Tree {
  return { entries: layer.entries.filter(({ path }) => path === LOCK_FILE) };
}

/** What a layer is taken apart into. */
export interface LayerTrees {
  /** The source tree with the lock file at its place. */
  readonly source: Digest;
  /** The backend file alone. */
  readonly backend: Digest;
}

export async function splitLayer(tree: Tree, root: string, store: Store): Promise<LayerTrees> {
  const source = overlay([
    { at: '', tree: subtree(tree, 'source') },
    { at: root, tree: lockOf(tree) },
  ]);
  const backend = makeTree(tree.entries.filter(({ path }) => path === 'backend.tf.json'));
  return { source: await store.putTree(source), backend: await store.putTree(backend) };
}
