import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { writeBlob } from '../../tracking/git/files.ts';
import { readFiles, type StoredFile, writeCommit, writeTree } from '../../tracking/index.ts';
import { git, newRepository, open, temporaryDirectory } from './repositories.ts';

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

test.each(['sha1', 'sha256'])('trees and commits are those that Git itself would write, also with %s', async (format) => {
  const dir = temporaryDirectory();
  git(dir, 'init', '--quiet', `--object-format=${format}`);
  const repository = await open(dir);
  const names = ['a', 'a.b', 'a-b', 'b/c', 'b.c', 'b/d/e', 'ä/ö', 'z link'];
  const files = new Map(
    names.map((name) => [name, { mode: name === 'z link' ? ('link' as const) : ('755' as const), content: Buffer.from(name) }]),
  );
  for (const [name, { content, mode }] of files) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    if (mode === 'link') symlinkSync(content.toString(), join(dir, name));
    else writeFileSync(join(dir, name), content, { mode: 0o755 });
  }
  git(dir, 'add', '--all');
  const tree = await writeTree(repository, files);
  expect(tree).toBe(git(dir, 'write-tree'));
  const commit = await writeCommit(repository, tree, 'A subject\n\nA body with ümlauts.\n', {
    by: { name: 'Ana <x>', email: 'ana@example.com', at: 1_700_000_000 },
  });
  git(dir, 'update-ref', 'refs/heads/made', commit);
  expect(git(dir, 'fsck', '--strict', '--no-dangling')).toBe('');
  expect(git(dir, 'log', '-1', '--format=%an|%ae|%ct|%s', 'refs/heads/made')).toBe('Ana x|ana@example.com|1700000000|A subject');
});

test('objects are written while Git clears away the folders that it finds empty', async () => {
  const repository = await open(newRepository());
  const folderOf = (content: string): string => {
    const id = createHash('sha1').update(`blob ${content.length}\0${content}`).digest('hex');
    return join(repository.objects.dir, id.slice(0, 2));
  };
  // Each is the first in its folder.
  const contents = [...new Map(Array.from({ length: 1000 }, (_, at) => [folderOf(`object ${at}`), `object ${at}`] as const)).values()];
  let current: string | undefined = contents[0];
  const clearing = (async () => {
    // Each folder a few times, as several commands of Git would.
    for (let [last, times] = ['', 0]; current !== undefined; ) {
      if (last !== current) [last, times] = [current, 0];
      if (times === 10) await new Promise((resolve) => setImmediate(resolve));
      else
        await rmdir(folderOf(current)).then(
          () => {
            times += 1;
          },
          () => undefined,
        );
    }
  })();
  const ids: string[] = [];
  try {
    for (const content of contents) {
      current = content;
      ids.push(await writeBlob(repository, Buffer.from(content)));
    }
  } finally {
    current = undefined;
    await clearing;
  }
  expect(await Promise.all(ids.map(async (id) => (await repository.readObject(id)).toString()))).toEqual(contents);
});
