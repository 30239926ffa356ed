/**
 * A process of its own: `inputs-user.ts DIR RUNTIME MIB` runs 20 nodes that read one input of so many MiB, as a run does, and prints
 * `{ ms, placedMiB, peakMiB }`: what lies where containers find it, and the most memory that it took.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { engineRuntime } from '../containers/docker/runtime.ts';
import { openImages, openRuntime } from '../containers/index.ts';
import { type Digest, makeGraph, type Node, openStore, run, type Store } from '../engine/index.ts';
import { plainOptions } from '../test/engine/options.ts';
import { nothing } from './engine.ts';

const NODES = 20;
const [dir = '', name = '', mib = '0'] = process.argv.slice(2);
const isFar = name === 'docker, no shared files';

const store = openStore(join(dir, 'cache'));
const images = openImages(store, []);
const image = await images.assemble('terraform');
const runtime = isFar
  ? await engineRuntime('docker', images, { transport: 'tar' })
  : await openRuntime(name === 'bubblewrap' ? name : 'docker', images);
const input = await inputOf(store);

/** Milliseconds. */
async function time(count: number, inputs: Node['inputs']): Promise<number> {
  const nodes = Array.from({ length: count }, (_, index): Node => {
    const id = `node${index}`;
    const action = { ...nothing(image.digest), argv: ['sh', '-c', inputs.length === 0 ? 'true' : 'test "$(wc -c < /in/0)" -gt 0'] };
    return { id, component: id, step: 'run', inputs, after: [], cache: 'never', action };
  });
  const began = performance.now();
  const { outcomes } = await run(
    makeGraph(nodes),
    plainOptions(store, runtime, { stateRoot: join(dir, 'state'), runsRoot: join(dir, 'runs') }),
  );
  if ([...outcomes.values()].some(({ status }) => status !== 'done')) throw new Error('a node failed');
  return performance.now() - began;
}

// The image is laid out first.
await time(1, []);
const before = placed();
const ms = await time(NODES, [{ path: '/in', from: input }]);
const placedMiB = placed() - before;
await runtime.close();
await store.close();
writeSync(1, JSON.stringify({ ms, placedMiB, peakMiB: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);

/** A tree of files of random bytes, 100 MiB each, made once. */
async function inputOf(into: Store): Promise<Digest> {
  const from = join(dir, 'input');
  if (!existsSync(from)) {
    mkdirSync(from, { recursive: true });
    for (let at = 0; at < Number(mib) / 100; at += 1) writeNoise(join(from, String(at)), 100);
  }
  return into.ingest(from);
}

/** A file of so many MiB that hardly compress. */
function writeNoise(path: string, size: number): void {
  const block = Buffer.alloc(1024 * 1024);
  const file = openSync(path, 'w');
  for (let at = 0; at < size; at += 1) {
    // It gives 64 KiB at a time.
    for (let from = 0; from < block.length; from += 65_536) crypto.getRandomValues(block.subarray(from, from + 65_536));
    writeSync(file, block);
  }
  closeSync(file);
}

/** MiB that lie where containers find them: trees of the store, or our volumes on Docker's machine. */
function placed(): number {
  const volumes = ['volume', 'ls', '--quiet', '--filter', 'label=dev.atmos.deployment.owner'];
  const paths = isFar
    ? execFileSync('docker', volumes, { encoding: 'utf8' })
        .split('\n')
        .filter((one) => one !== '')
        .map((one) => join('/var/lib/docker/volumes', one))
    : [join(dir, 'cache/trees')].filter((one) => existsSync(one));
  if (paths.length === 0) return 0;
  const all = execFileSync('du', ['--summarize', '--total', '--block-size=1M', ...paths], { encoding: 'utf8' });
  return Number(all.trim().split('\n').at(-1)?.split('\t')[0]);
}
