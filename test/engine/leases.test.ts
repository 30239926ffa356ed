import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { formatProcess, makeGraph, openStore, type RunEvent, run, sha256, thisProcess } from '../../engine/index.ts';
import { takeLease } from '../../engine/run/lease.ts';
import { newStore, node, optionsFor, runtimeOf } from './bench.ts';

const KEY = sha256('key');

test('a key is one process’s to make until it ends its turn', async () => {
  const store = newStore();
  const other = openStore(store.dir);
  const lease = await store.lease(KEY);
  if (!('end' in lease)) throw new Error('it was nobody’s');
  expect(await other.lease(KEY)).toMatchObject({ of: { pid: process.pid } });
  expect(await other.lease(sha256('another'))).toHaveProperty('end');
  lease.end();
  expect(await other.lease(KEY)).toHaveProperty('end');
});

test('of many that want a key at once, one has it', async () => {
  const store = newStore();
  const leases = await Promise.all(Array.from({ length: 50 }, () => openStore(store.dir).lease(KEY)));
  expect(leases.filter((lease) => 'end' in lease)).toHaveLength(1);
});

test('of two that come at the same moment, before there is a directory, one has the key', async () => {
  const { dir } = newStore();
  const rounds = 500;
  const gate = new SharedArrayBuffer(8 * rounds);
  const takers = [true, false].map(
    (cleans) => new Worker(new URL('taker.ts', import.meta.url), { workerData: { dir, gate, rounds, cleans } }),
  );
  const had = await Promise.all(takers.map(async (taker) => ((await once(taker, 'message')) as [number])[0]));
  expect(had.reduce((sum, one) => sum + one)).toBe(rounds);
});

test('the turn of a process that is gone stands for nothing, and goes with what it left', async () => {
  const store = newStore();
  await store.lease(KEY);
  const [first = ''] = readdirSync(join(store.dir, 'turns'));
  const [rest = ''] = readdirSync(join(store.dir, 'turns', first));
  const path = join(store.dir, 'turns', first, rest);
  expect(readFileSync(path, 'utf8')).toBe(formatProcess(thisProcess()));
  writeFileSync(path, formatProcess({ ...thisProcess(), pid: 4_194_304, started: '1' }));
  const lease = await store.lease(KEY);
  expect(lease).toHaveProperty('end');
  expect(readFileSync(path, 'utf8')).toBe(formatProcess(thisProcess()));
});

/** A run of one node in a store of its own handle, as another process has it. */
function runner(dir: string, behave: () => Promise<number>) {
  const store = openStore(dir);
  const runtime = runtimeOf(store, behave);
  const options = optionsFor(store, runtime);
  return { runtime, options, go: () => run(makeGraph([node('a')]), options) };
}

test('two runs that want the same at once make it once', async () => {
  const { dir } = newStore();
  const slowly = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    return 0;
  };
  const [one, two] = [runner(dir, slowly), runner(dir, slowly)];
  const results = await Promise.all([one.go(), two.go()]);
  expect([...one.runtime.ran, ...two.runtime.ran]).toEqual(['a']);
  expect(new Set(results.map(({ outcomes }) => JSON.stringify(outcomes.get('a')?.status)))).toEqual(new Set(['"done"']));
  const types = [one, two].map(({ options }) => options.events.map(({ type }) => type));
  expect(types).toContainEqual(['queued', 'started', 'finished']);
  expect(types).toContainEqual(['queued', 'waiting', 'cached']);
});

test('where the first fails, the other makes it', async () => {
  const { dir } = newStore();
  let count = 0;
  const first = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    count += 1;
    return count === 1 ? 1 : 0;
  };
  const [one, two] = [runner(dir, first), runner(dir, first)];
  const statuses = (await Promise.all([one.go(), two.go()])).map(({ outcomes }) => outcomes.get('a')?.status).sort();
  expect(statuses).toEqual(['done', 'failed']);
});

test('whoever waits for another one can be interrupted', async () => {
  const store = newStore();
  const interrupt = new AbortController();
  const other = openStore(store.dir);
  const key = sha256('any');
  await store.lease(key);
  const events: RunEvent[] = [];
  const emitter = { emit: (_: string, event: { type: string }) => void events.push(event as RunEvent) } as unknown as Parameters<
    typeof takeLease
  >[3];
  const waiting = takeLease(key, 'a', { store: other, cancellation: { interrupt: interrupt.signal, force: interrupt.signal } }, emitter);
  setTimeout(() => interrupt.abort(), 60);
  await expect(waiting).rejects.toMatchObject({ kind: 'interrupted' });
  expect(events.map(({ type }) => type)).toEqual(['waiting']);
});
