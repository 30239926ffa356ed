import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImages, openRuntime } from '../containers/index.ts';
import { makeGraph, type Node, openStore, run } from '../engine/index.ts';
import { plainOptions } from '../test/engine/options.ts';
import { bundle } from './bundle.ts';
import { bareBwrap, nothing } from './engine.ts';
import { atMost, type Figures, inTurn, median, told } from './figures.ts';
import { nodeAlone } from './shop.ts';

/** Graphs of many nodes: that wait, that do nothing, and that are all in the cache. */
export async function figures(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-bench-graphs-'));
  try {
    return { ...(await running(dir)), ...(await cached(dir)) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const SLEEPERS = 100;
const AT_ONCE = 10;
const SECONDS = 2;
const MANY = 1000;

async function running(dir: string): Promise<Figures> {
  const store = openStore(join(dir, 'cache'));
  const images = openImages(store, []);
  const image = await images.assemble('terraform');
  const rootfs = await store.checkOut(image.rootfs);
  const runtime = await openRuntime('bubblewrap', images);
  /** Milliseconds. */
  const time = async (count: number, argv: readonly string[], parallelism: number): Promise<number> => {
    const nodes = Array.from({ length: count }, (_, index): Node => {
      const id = `node${index}`;
      return { id, component: id, step: 'run', inputs: [], after: [], cache: 'never', action: { ...nothing(image.digest), argv } };
    });
    const began = performance.now();
    const { outcomes } = await run(
      makeGraph(nodes),
      plainOptions(store, runtime, { parallelism, stateRoot: join(dir, 'state'), runsRoot: join(dir, 'runs') }),
    );
    if ([...outcomes.values()].some(({ status }) => status !== 'done')) throw new Error('a node failed');
    return performance.now() - began;
  };
  try {
    await time(AT_ONCE, ['true'], AT_ONCE);
    const sleeping = await time(SLEEPERS, ['sleep', String(SECONDS)], AT_ONCE);
    const bare = median(Array.from({ length: 50 }, () => bareBwrap(rootfs, dir))) * MANY;
    const idle = await time(MANY, ['true'], 1);
    return {
      [`${SLEEPERS} nodes of "sleep ${SECONDS}", ${AT_ONCE} at a time`]: told(sleeping, 'ms'),
      'sleeping nodes / ideal': atMost(sleeping / ((SLEEPERS / AT_ONCE) * SECONDS * 1000), 1.05),
      'nodes that do nothing, one after another': told((MANY / idle) * 1000, 'per second'),
      'bare bwrap calls, one after another': told((MANY / bare) * 1000, 'per second'),
      'a node / a bare bwrap call': atMost(idle / bare, 2),
    };
  } finally {
    await runtime.close();
    await store.close();
  }
}

interface Ran {
  readonly ms: number;
  readonly cached: number;
  readonly peakMiB: number;
}

async function cached(dir: string): Promise<Figures> {
  const program = await bundle('cached.ts');
  const ran = (count: number): Ran & { readonly wall: number } => {
    const began = performance.now();
    const { stdout, status, stderr } = spawnSync(process.execPath, [program.start, join(dir, String(count)), String(count)], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return { ...(JSON.parse(stdout) as Ran), wall: performance.now() - began };
  };
  const all = (count: number): Ran & { readonly wall: number } => {
    const found = ran(count);
    if (found.cached !== count) throw new Error(`${found.cached} of ${count} were cached`);
    return found;
  };
  // The first run of each makes what the others find.
  ran(400);
  ran(10_000);
  const times = await inTurn(15, { node: nodeAlone, few: () => all(400).wall });
  const many = Array.from({ length: 5 }, () => all(10_000));
  program.remove();
  return {
    'node -e 0': told(times.node, 'ms'),
    'a process that finds 400 nodes cached': told(times.few, 'ms'),
    '400 cached nodes / node -e 0': atMost(times.ratio('few', 'node'), 2.5),
    '10,000 cached nodes': atMost(median(many.map(({ ms }) => ms)), 1000, 'ms'),
    'peak memory of that process': atMost(Math.max(...many.map(({ peakMiB }) => peakMiB)), 200, 'MiB'),
  };
}
