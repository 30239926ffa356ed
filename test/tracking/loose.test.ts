import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { looseFile, looseHead, looseObject, looseRef } from '../../tracking/git/loose.ts';
import { git, newRepository, temporaryDirectory } from './repositories.ts';

const located = (dir: string, hash: 'sha1' | 'sha256' = 'sha1') => ({ root: dir, common: join(dir, '.git'), own: join(dir, '.git'), hash });
const objectsOf = (dir: string, hash: 'sha1' | 'sha256' = 'sha1') => ({ dir: join(dir, '.git/objects'), hash });

test('a file of a commit is read without Git, of either hash', async () => {
  const plain = newRepository();
  expect((await looseFile(objectsOf(plain), git(plain, 'rev-parse', 'HEAD'), 'README'))?.toString()).toBe('hello\n');
  const dir = temporaryDirectory();
  git(dir, 'init', '--quiet', '--object-format=sha256');
  for (const [name, text] of Object.entries({ 'a b': 'one', state: 'two', z: 'three' })) writeFileSync(join(dir, name), text);
  git(dir, 'add', '--all');
  git(dir, '-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message=First');
  const head = git(dir, 'rev-parse', 'HEAD');
  expect(looseHead(located(dir, 'sha256'))).toBe(head);
  expect((await looseFile(objectsOf(dir, 'sha256'), head, 'state'))?.toString()).toBe('two');
  expect((await looseFile(objectsOf(dir, 'sha256'), head, 'a b'))?.toString()).toBe('one');
  expect(await looseFile(objectsOf(dir, 'sha256'), head, 'nothing')).toBeUndefined();
});

test('what is packed, a link, a directory or damaged is left to Git', async () => {
  const dir = newRepository();
  git(dir, 'update-index', '--add', '--cacheinfo', `120000,${git(dir, 'hash-object', '-w', 'README')},link`);
  git(dir, 'update-index', '--add', '--cacheinfo', `100644,${git(dir, 'hash-object', '-w', 'README')},below/file`);
  git(dir, 'commit', '--quiet', '--message=Second');
  const head = git(dir, 'rev-parse', 'HEAD');
  const objects = objectsOf(dir);
  expect(await looseFile(objects, head, 'README')).toBeDefined();
  for (const name of ['link', 'below', 'below/file']) expect([name, await looseFile(objects, head, name)]).toEqual([name, undefined]);
  const blob = git(dir, 'rev-parse', 'HEAD:README');
  const path = join(objects.dir, blob.slice(0, 2), blob.slice(2));
  const genuine = readFileSync(path);
  chmodSync(path, 0o644);
  for (const damaged of [Buffer.alloc(0), Buffer.from('garbage'), deflateSync('blob 6\0other\n')]) {
    writeFileSync(path, damaged);
    expect(await looseObject(objects, blob)).toBeUndefined();
  }
  writeFileSync(path, genuine);
  git(dir, 'gc', '--quiet', '--prune=now');
  expect(readdirSync(objects.dir).filter((name) => name.length === 2)).toEqual([]);
  expect(await looseFile(objects, head, 'README')).toBeUndefined();
});

test('a ref is read without Git where it has a file that names an object', () => {
  const dir = newRepository();
  const head = git(dir, 'rev-parse', 'HEAD');
  git(dir, 'update-ref', 'refs/atmos/ledger/shop/dev', head);
  git(dir, 'symbolic-ref', 'refs/atmos/other', 'refs/heads/main');
  writeFileSync(join(dir, '.git/refs/broken'), 'not an id\n');
  expect(looseRef(located(dir), 'refs/atmos/ledger/shop/dev')).toBe(head);
  for (const ref of ['refs/atmos/other', 'refs/broken', 'refs/none', 'refs/atmos', 'refs/../HEAD', 'HEAD', 'refs//heads/main']) {
    expect([ref, looseRef(located(dir), ref)]).toEqual([ref, undefined]);
  }
});
