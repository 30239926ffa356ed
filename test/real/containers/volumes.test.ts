import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { engineRuntime } from '../../../containers/docker/runtime.ts';
import { connect } from '../../../containers/docker-api/connect.ts';
import { collectTrees } from '../../../containers/docker-api/volumes.ts';
import type { Digest } from '../../../engine/index.ts';
import { type Bench, openBench, runScript } from './bench.ts';

const LARGE = 9 * 1024 * 1024;
const { docker } = await connect('docker');
const WEEK = 7 * 24 * 60 * 60 * 1000;

interface Volume {
  readonly Name: string;
  readonly CreatedAt?: string;
}

/** The volumes that hold trees from one run to the next, and their marks. */
async function kept(): Promise<readonly Volume[]> {
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify({ label: ['dev.atmos.deployment.tree'] }) });
  return ((Volumes as readonly Volume[] | null) ?? []).toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}

afterEach(() => collectTrees({ docker }, Date.now() + 2 * WEEK));

async function largeTree({ store, dir }: Bench, through = store): Promise<Digest> {
  const from = join(dir, 'large');
  mkdirSync(from, { recursive: true });
  writeFileSync(join(from, 'file'), randomBytes(LARGE));
  return through.ingest(from);
}

/** Reads the input's size in a container. */
async function sizeIn(bench: Bench, tree: Digest): Promise<string> {
  return (await runScript(bench, 'wc -c < /in/file', { inputs: [{ path: '/in', tree }] })).stdout.trim();
}

/** A later run, which finds what the one before left on the engine. */
async function again(bench: Bench): Promise<Bench> {
  await bench.runtime.close();
  return { ...bench, runtime: await engineRuntime('docker', bench.images, { transport: 'tar' }) };
}

test('a large input is placed once for all nodes and runs, and removed when it is old', async () => {
  const bench = await openBench('docker, no shared files');
  const tree = await largeTree(bench);
  expect(await sizeIn(bench, tree)).toBe(String(LARGE));
  const first = await kept();
  expect(first).toHaveLength(2);
  const later = await again(bench);
  expect(await sizeIn(later, tree)).toBe(String(LARGE));
  expect(await sizeIn(later, tree)).toBe(String(LARGE));
  expect(await kept()).toEqual(first);
  await collectTrees({ docker }, Date.now() + WEEK / 2);
  expect(await kept()).toEqual(first);
  await collectTrees({ docker }, Date.now() + 2 * WEEK);
  expect(await kept()).toEqual([]);
  expect(await sizeIn(await again(later), tree)).toBe(String(LARGE));
  await later.close();
});

test('an input that was cut off while it was placed is never used', async () => {
  const bench = await openBench('docker, no shared files');
  const tree = await largeTree(bench);
  await sizeIn(bench, tree);
  const [volume] = (await kept()).filter(({ Name }) => !Name.endsWith('-whole'));
  const name = volume?.Name ?? '';
  const { Labels } = await docker.getVolume(name).inspect();
  for (const one of [`${name}-whole`, name]) await docker.getVolume(one).remove();
  // As a process leaves it that is killed while it fills it: empty, with its name on it.
  const gone = (Labels?.['dev.atmos.deployment.owner'] ?? '').replace(/\.\d+\.\d+$/, '.4194304.1');
  await docker.createVolume({ Name: name, Labels: { ...Labels, 'dev.atmos.deployment.owner': gone } });
  const later = await again(bench);
  expect(await sizeIn(later, tree)).toBe(String(LARGE));
  expect(await kept()).toHaveLength(2);
  await later.close();
});

test('two runs that want the same large input at once disturb one another in nothing', async () => {
  const bench = await openBench('docker, no shared files');
  const tree = await largeTree(bench);
  const others = await Promise.all(
    Array.from({ length: 3 }, async () => ({ ...bench, runtime: await engineRuntime('docker', bench.images, { transport: 'tar' }) })),
  );
  expect(await Promise.all(others.map((one) => sizeIn(one, tree)))).toEqual(others.map(() => String(LARGE)));
  await Promise.all(others.map(({ runtime }) => runtime.close()));
  expect(await kept()).toHaveLength(2);
  await bench.close();
});

test('what may hold secrets, and what is small, is gone with its run', async () => {
  const bench = await openBench('docker, no shared files');
  expect(await sizeIn(bench, await largeTree(bench, bench.store.ephemeral))).toBe(String(LARGE));
  expect(await kept()).toEqual([]);
  await bench.close();
});
