import type { Store, Tree } from '../../engine/index.ts';
import { RootFs } from './layers.ts';

/** Takes the files in a tar into the store, as what a directory holds is taken: without empty ones. @throws AtmosError `unsafe-layer`, `invalid-layer` */
export async function treeOfTar(tar: NodeJS.ReadableStream, store: Store): Promise<Tree> {
  // Loaded when there is something to unpack.
  const { readLayer } = await import('./unpack.ts');
  const root = new RootFs();
  root.apply(await readLayer(tar, store));
  return root.files();
}
