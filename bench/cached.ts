/** A process of its own: `cached.ts DIR COUNT` runs a graph of so many nodes, whose results its first run makes, and prints `{ ms, cached, peakMiB }`. */
import { writeSync } from 'node:fs';
import { asDigest, execAction, type Listener, makeGraph, type Node, openStore, type Runtime, run } from '../engine/index.ts';
import { plainOptions } from '../test/engine/options.ts';

const [dir = '', count = '0'] = process.argv.slice(2);

function nodeOf(index: number): Node {
  const action = execAction({
    image: asDigest(`sha256:${'a'.repeat(64)}`),
    argv: ['make', String(index)],
    limits: { memoryMiB: 64, cpus: 1, pids: 16 },
    outputs: [{ name: 'out', path: '/out' }],
  });
  // Each reads what another one made, ten levels deep.
  const from = index - 1_000;
  const inputs = from < 0 ? [] : [{ path: '/in', from: { node: `node${from}`, output: 'out' } }];
  return { id: `node${index}`, component: `node${index}`, step: 'make', inputs, after: [], cache: 'content', action };
}

const store = openStore(dir);
const began = process.hrtime.bigint();
let cached = 0;
const nodes = Array.from({ length: Number(count) }, (_, index) => nodeOf(index));
// Asked only where a result is not there yet: it makes what a container would.
const maker: Runtime = {
  name: 'made',
  abilities: new Set(),
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  run: async ({ id }) => {
    const digest = await store.put(id);
    return { exitCode: 0, outputs: { out: await store.putTree({ entries: [{ path: 'made', mode: '644', digest, size: id.length }] }) } };
  },
  close: async () => undefined,
};
const listener: Listener = ({ type }) => {
  if (type === 'cached') cached += 1;
};
await run(makeGraph(nodes), plainOptions(store, maker, { parallelism: 8, listener }));
const ms = Number(process.hrtime.bigint() - began) / 1e6;
await store.close();
writeSync(1, JSON.stringify({ ms, cached, peakMiB: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);
