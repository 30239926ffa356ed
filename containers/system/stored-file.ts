import { join } from 'node:path';
import { makeTree, type Store } from '../../engine/index.ts';

/** Where a file of ours lies that a sandbox or an engine reads: in the store, so that it is there as long as anything may read it. */
export async function storedFile(store: Store, name: string, bytes: Uint8Array): Promise<string> {
  const tree = makeTree([{ path: name, mode: '644', digest: await store.put(bytes), size: bytes.length }]);
  return join(await store.checkOut(await store.putTree(tree)), name);
}
