import { AtmosError } from '../base/errors.ts';
import type { Digest } from '../content/digest.ts';
import type { Compute } from '../graph/node.ts';
import type { ResolvedInput } from '../graph/runtime.ts';
import type { NodeResult, Store } from '../store/index.ts';
import type { ComputeFunctions, ComputeIo } from './compute.ts';

/** Calls the function that a node names, and keeps the trees that it made. */
export async function performCompute(
  action: Compute,
  inputs: readonly ResolvedInput[],
  { store, computes }: { readonly store: Store; readonly computes: ComputeFunctions },
): Promise<NodeResult> {
  const compute = computes[action.name];
  if (compute === undefined) throw new Error(`no compute function ${action.name}`);
  const trees = new Map(await Promise.all(inputs.map(async ({ path, tree }) => [path, await store.tree(tree)] as const)));
  const io: ComputeIo = {
    input(name) {
      const tree = trees.get(name);
      if (tree === undefined) throw new Error(`${action.name} has no input ${name}`);
      return tree;
    },
    async read(digest) {
      const bytes = await store.get(digest);
      if (bytes === undefined)
        throw new AtmosError(`object ${digest} is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
      return bytes;
    },
    open: (digest, size) => store.read(digest, size),
    put: async (content) => ({ digest: await store.put(content), size: Buffer.byteLength(content) }),
  };
  const made = await compute(action.args, io);
  const outputs: Record<string, Digest> = {};
  for (const name of action.outputs) {
    const tree = made[name];
    if (tree === undefined) throw new Error(`${action.name} made no ${name}`);
    outputs[name] = await store.putTree(tree);
  }
  return { exitCode: 0, outputs };
}
