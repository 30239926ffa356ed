import { expect, test } from 'vitest';
import {
  type Digest,
  type Graph,
  makeGraph,
  makeTree,
  type RemoteCache,
  type RunEvent,
  run,
  type Store,
  sha256,
  treeBytes,
} from '../../engine/index.ts';
import { newStore, node, optionsFor, runtimeOf } from './bench.ts';

/** The tree without files. */
const EMPTY: Digest = sha256(treeBytes(makeTree([])));

test.each([
  ['another exit code', { exitCode: 7 }],
  ['no output that is declared', { outputs: {} }],
  ['an output that is not', { outputs: { out: EMPTY, more: EMPTY } }],
])('a result with %s is believed from nowhere: the node runs', async (_, wrong) => {
  const store = newStore();
  const graph = makeGraph([node('a')]);
  const bad = { exitCode: 0, outputs: { out: EMPTY }, ...wrong };
  await store.putTree(makeTree([]));
  const runtime = runtimeOf(store, () => 0);
  const remote: RemoteCache = {
    find: async (_key, fits) => (fits(bad) ? bad : undefined),
    offer: () => undefined,
    close: async () => undefined,
  };
  const { outcomes } = await run(graph, optionsFor(store, runtime, { remote }));
  expect([runtime.ran, outcomes.get('a')?.status]).toEqual([['a'], 'done']);
  // One that an earlier version took is none either.
  const [event] = (await events(store, graph)).filter(({ type }) => type === 'cached');
  const other = newStore();
  await other.putTree(makeTree([]));
  await other.remember((event as { key: Digest }).key, bad);
  const again = runtimeOf(other, () => 0);
  await run(graph, optionsFor(other, again));
  expect(again.ran).toEqual(['a']);
});

/** What running a graph tells. */
async function events(store: Store, graph: Graph): Promise<readonly RunEvent[]> {
  const options = optionsFor(
    store,
    runtimeOf(store, () => 0),
  );
  await run(graph, options);
  return options.events;
}
