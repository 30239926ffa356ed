import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatProcess, hex, makeTree, openStore, sha256, TREE_TIME, thisProcess } from '../../engine/index.ts';
import { newStore } from './bench.ts';

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-store-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const objectPath = (dir: string, digest: `sha256:${string}`): string => join(dir, 'objects', digest.slice(7, 9), digest.slice(9));

test('what is put is found under its digest, by every process', async () => {
  const store = newStore();
  const digest = await store.put('content');
  expect(digest).toBe(sha256('content'));
  expect(Buffer.from((await openStore(store.dir).get(digest)) ?? []).toString()).toBe('content');
  expect(await store.get(sha256('other'))).toBeUndefined();
});

test('a damaged object is dropped when it is read, and can be put again', async () => {
  const store = newStore();
  const digest = await store.put('content');
  writeFileSync(objectPath(store.dir, digest), 'damaged');
  expect(await store.get(digest)).toBeUndefined();
  await store.put('content');
  expect(Buffer.from((await store.get(digest)) ?? []).toString()).toBe('content');
});

test('a result whose outputs are gone or cut short does not count', async () => {
  const store = newStore();
  const key = sha256('key');
  const content = await store.put('a longer content');
  const tree = await store.putTree(makeTree([{ path: 'file', mode: '644', digest: content, size: 16 }]));
  await store.remember(key, { exitCode: 0, outputs: { out: tree } });
  expect(await store.result(key)).toEqual({ exitCode: 0, outputs: { out: tree } });
  truncateSync(objectPath(store.dir, content), 3);
  expect(await store.result(key)).toBeUndefined();
});

test('a damaged result is dropped', async () => {
  const store = newStore();
  await store.keep('key', 'text');
  const name = hex(sha256('key'));
  const path = join(store.dir, 'results', name.slice(0, 2), name.slice(2));
  writeFileSync(path, readFileSync(path, 'utf8').replace('text', 'tex'));
  expect(await store.recall('key')).toBeUndefined();
  await store.keep('key', 'text');
  expect(await store.recall('key')).toBe('text');
});

test('a directory comes back as it was: files, modes, links; times are fixed', async () => {
  const store = newStore();
  const dir = directory();
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd/run'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'plain'), Buffer.alloc(5 * 1024 * 1024, 7));
  symlinkSync('d/run', join(dir, 'link'));
  const out = await store.checkOut(await store.ingest(dir));
  expect(readFileSync(join(out, 'plain')).equals(readFileSync(join(dir, 'plain')))).toBe(true);
  expect(statSync(join(out, 'd/run')).mode & 0o777).toBe(0o755);
  expect(statSync(join(out, 'plain')).mtimeMs).toBe(TREE_TIME * 1000);
  expect(await store.ingest(out)).toBe(await store.ingest(dir));
});

test('what a killed process left is removed by the next one, and what a living one has is not', async () => {
  const store = newStore();
  const mine = await store.temporary('work');
  const program = `
    const { openStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../engine/index.ts'))});
    const store = openStore(${JSON.stringify(store.dir)});
    process.stdout.write(await store.temporary('work'));
    process.kill(process.pid, 'SIGKILL');`;
  let left = '';
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    left = (error as { stdout: string }).stdout;
  }
  expect(statSync(left).isDirectory()).toBe(true);
  const next = openStore(store.dir);
  await next.temporary('work');
  expect(readdirSync(join(store.dir, 'tmp'))).toHaveLength(1);
  expect(statSync(mine).isDirectory()).toBe(true);
});

test('what a killed process had started may go on writing where it wrote: nothing fails, and it goes once that has ended', async () => {
  const store = newStore();
  const gone = join(store.dir, 'tmp', formatProcess({ ...thisProcess(), started: '1' }), 'work');
  mkdirSync(gone, { recursive: true });
  const writer = spawn('/bin/sh', ['-c', 'i=0; while [ $i -lt 5000 ] && : > $i; do i=$((i+1)); done'], { cwd: gone, stdio: 'ignore' });
  const ended = once(writer, 'exit');
  try {
    for (let round = 0; round < 2; round += 1) await openStore(store.dir).sweep();
    await store.temporary('work');
  } finally {
    writer.kill('SIGKILL');
  }
  await ended;
  await store.close();
  expect(readdirSync(join(store.dir, 'tmp'))).toEqual([]);
});

test('what is put through the ephemeral face is found by this process alone, and is gone with it', async () => {
  const store = newStore();
  const content = await store.ephemeral.put('secret');
  const tree = await store.ephemeral.putTree(makeTree([{ path: 'file', mode: '644', digest: content, size: 6 }]));
  expect(Buffer.from((await store.get(content)) ?? []).toString()).toBe('secret');
  expect([store.isEphemeral(tree), (await store.tree(tree)).entries.length]).toEqual([true, 1]);
  expect(readFileSync(join(await store.checkOut(tree), 'file'), 'utf8')).toBe('secret');
  expect(await openStore(store.dir).get(content)).toBeUndefined();
  await store.close();
  expect(spawnSync('grep', ['-rl', 'secret', store.dir], { encoding: 'utf8' }).stdout).toBe('');
});

test('many writers of the same and of different contents leave only whole objects', async () => {
  const store = newStore();
  const stores = Array.from({ length: 8 }, () => openStore(store.dir));
  await Promise.all(stores.flatMap((one) => Array.from({ length: 50 }, (_, index) => one.put(`content ${index % 10}`))));
  for (let index = 0; index < 10; index += 1) expect(await store.get(sha256(`content ${index}`))).toBeDefined();
});

test.each([
  ['d', 'd/file'],
  ['d', 'd-x', 'd/file'],
  ['a/b', 'a/b/c/d/e'],
  ['twice', 'twice'],
])('a tree in which something lies below a file or link, or is a duplicate, is refused: %j', (...paths) => {
  for (const mode of ['644', 'link'] as const) {
    const entries = paths.map((path) => ({ path, mode, digest: sha256(''), size: 0 }));
    expect(() => makeTree(entries)).toThrow(expect.objectContaining({ code: 'bad-tree' }));
  }
});

test('what is stored as a tree and is none is an error that says so', async () => {
  const store = newStore();
  for (const text of ['', 'null', '[]', '{}', '{"entries":[null]}', '{"entries":[{"path":"a","mode":"777","digest":"x","size":-1}]}']) {
    await expect(store.tree(await store.put(text))).rejects.toMatchObject({ code: 'bad-tree' });
  }
});

test('a path that leaves a tree is refused', () => {
  for (const path of ['../x', '/x', 'a/../b', 'a//b', '', './a']) {
    expect(() => makeTree([{ path, mode: '644', digest: sha256(''), size: 0 }])).toThrow('is not a path in it');
  }
});
