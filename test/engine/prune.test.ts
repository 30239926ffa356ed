import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Digest, formatProcess, hex, makeTree, openStore, type Store, sha256, thisProcess } from '../../engine/index.ts';
import { newStore } from './bench.ts';

const DAY = 24 * 60 * 60 * 1000;
const keyOf = (name: string): Digest => sha256(`key of ${name}`);
const place = (store: Store, part: string, name: string): string => join(store.dir, part, name.slice(0, 2), name.slice(2));
const objectPath = (store: Store, digest: Digest): string => place(store, 'objects', hex(digest));
const resultPath = (store: Store, name: string): string => place(store, 'results', hex(keyOf(name)));

/** A result whose output holds these files, each with its name as content, last used so many days ago. Returns the output's tree. */
async function made(store: Store, name: string, files: readonly string[], daysAgo = 0): Promise<Digest> {
  const entries = await Promise.all(
    files.map(async (file) => ({ path: file, mode: '644' as const, digest: await store.put(file), size: file.length })),
  );
  const tree = await store.putTree(makeTree(entries));
  await store.remember(keyOf(name), { exitCode: 0, outputs: { out: tree } });
  const used = (Date.now() - daysAgo * DAY) / 1000;
  utimesSync(resultPath(store, name), used, used);
  return tree;
}

test('what nothing stands for is dropped, and what a result stands for stays', async () => {
  const store = newStore();
  const tree = await made(store, 'a', ['one', 'two']);
  const loose = await store.put('loose');
  await store.checkOut(tree);
  expect(await store.prune({ needed: [] })).toMatchObject({ results: 0, objects: 1, trees: 0, freed: 5 });
  expect(await store.get(loose)).toBeUndefined();
  expect(await store.result(keyOf('a'))).toEqual({ exitCode: 0, outputs: { out: tree } });
});

test('what was not used for long is dropped with all that only it needs', async () => {
  const store = newStore();
  const old = await made(store, 'old', ['shared', 'old'], 40);
  const young = await made(store, 'young', ['shared', 'young'], 20);
  await store.checkOut(old);
  expect(await store.prune({ unusedSince: Date.now() - 30 * DAY, needed: [] })).toMatchObject({ results: 1, objects: 2, trees: 1 });
  expect(await store.result(keyOf('old'))).toBeUndefined();
  expect(existsSync(objectPath(store, sha256('old')))).toBe(false);
  expect(await store.result(keyOf('young'))).toEqual({ exitCode: 0, outputs: { out: young } });
});

test('using a result makes it young again', async () => {
  const store = newStore();
  await made(store, 'a', ['one'], 40);
  await store.result(keyOf('a'));
  expect(Date.now() - statSync(resultPath(store, 'a')).mtimeMs).toBeLessThan(DAY);
});

test('too much is dropped from the longest unused on, until the rest fits; what is needed stays', async () => {
  const store = newStore();
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) await made(store, name, [`${name.repeat(10_000)}`], 10 - index);
  const answer = await store.prune({ maxBytes: 45_000, needed: [keyOf('a')] });
  expect(answer).toMatchObject({ results: 2 });
  expect(answer.left).toBeLessThanOrEqual(45_000);
  const left = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => (await store.result(keyOf(name))) !== undefined));
  expect(left).toEqual([true, false, false, true]);
  expect(answer.left).toBe(store.stats().bytes);
});

test('texts are dropped like results', async () => {
  const store = newStore();
  await store.keep('key', 'text');
  const path = place(store, 'results', hex(sha256('key')));
  utimesSync(path, 1, 1);
  expect(await store.prune({ unusedSince: Date.now() - DAY, needed: [] })).toMatchObject({ results: 1 });
  expect(await store.recall('key')).toBeUndefined();
});

test('nothing is dropped while another process uses the store', async () => {
  const store = newStore();
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void other.kill());
  await new Promise((resolve) => other.once('spawn', resolve));
  const started = (await import('node:fs')).readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  mkdirSync(join(store.dir, 'tmp', formatProcess({ ...thisProcess(), pid: other.pid ?? 0, started })), { recursive: true });
  const loose = await store.put('loose');
  await expect(store.prune({ needed: [] })).rejects.toMatchObject({
    code: 'cache-in-use',
    message: expect.stringContaining(`${other.pid}`),
  });
  expect(await store.get(loose)).toBeDefined();
  expect(existsSync(join(store.dir, 'pruning'))).toBe(false);
});

test('whoever comes while something is dropped waits until that has ended', async () => {
  const store = newStore();
  const tree = await made(store, 'a', ['one']);
  const other = spawn('sleep', ['60']);
  onTestFinished(() => void other.kill());
  await new Promise((resolve) => other.once('spawn', resolve));
  const started = (await import('node:fs')).readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  writeFileSync(join(store.dir, 'pruning'), formatProcess({ ...thisProcess(), pid: other.pid ?? 0, started }));
  const second = openStore(store.dir);
  let found: unknown = 'waiting';
  const asking = second.result(keyOf('a')).then((result) => {
    found = result;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(found).toBe('waiting');
  // It is killed: its mark counts no more.
  other.kill('SIGKILL');
  await asking;
  expect(found).toEqual({ exitCode: 0, outputs: { out: tree } });
  await second.close();
});

test('verify names what is damaged and drops it: objects, results, checked-out trees', async () => {
  const store = newStore();
  const tree = await made(store, 'a', ['one', 'two']);
  const dir = await store.checkOut(tree);
  expect(store.verify()).toEqual({ checked: 5, damaged: [] });
  chmodSync(join(dir, 'two'), 0o755);
  writeFileSync(objectPath(store, sha256('one')), 'eno');
  await store.keep('key', 'text');
  writeFileSync(place(store, 'results', hex(sha256('key'))), 'nonsense');
  const { checked, damaged } = store.verify();
  expect(checked).toBe(6);
  expect(damaged.map((path) => path.split('/')[0]).sort()).toEqual(['objects', 'results', 'trees']);
  expect(await store.result(keyOf('a'))).toBeUndefined();
  expect(store.verify().damaged).toEqual([]);
  expect(readdirSync(join(store.dir, 'tmp'))).toHaveLength(1);
});
