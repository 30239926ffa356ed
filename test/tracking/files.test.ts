import { expect, test } from 'vitest';
import { readFiles, type StoredFile, writeCommit, writeTree } from '../../tracking/index.ts';
import { git, newRepository, open } from './repositories.ts';

const FILES: ReadonlyMap<string, StoredFile> = new Map([
  ['components/a/run', { mode: '755', content: Buffer.from('#!/bin/sh\n') }],
  ['components/a/to', { mode: 'link', content: Buffer.from('run') }],
  ['components/a-b', { mode: '644', content: Buffer.from([0, 255, 10]) }],
  ['empty', { mode: '644', content: Buffer.alloc(0) }],
]);

test('files come back from a commit byte for byte with their modes', async () => {
  const repository = await open(newRepository());
  const commit = await writeCommit(repository, await writeTree(repository, FILES), 'release');
  const found = await readFiles(repository, commit);
  expect([...(found ?? [])].map(([path, { mode, content }]) => [path, mode, [...content]])).toEqual(
    [...FILES].map(([path, { mode, content }]) => [path, mode, [...content]]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
  expect(await readFiles(repository, 'refs/atmos/releases/none')).toBeUndefined();
});

test('two repositories write the same commit, in whatever order the files come', async () => {
  const ids = [];
  for (const files of [FILES, new Map([...FILES].reverse())]) {
    const dir = newRepository();
    git(dir, 'config', 'user.name', `Somebody ${ids.length}`);
    const repository = await open(dir);
    ids.push(await writeCommit(repository, await writeTree(repository, files), 'release'));
    expect(git(dir, 'fsck', '--strict')).not.toMatch(/error|missing/);
  }
  expect(ids[0]).toBe(ids[1]);
});
