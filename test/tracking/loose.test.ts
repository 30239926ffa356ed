import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { plainRepository } from '../../tracking/git/locate.ts';
import { looseFile, looseHead, looseObject, looseRef } from '../../tracking/git/loose.ts';
import { git, newRepository, open, temporaryDirectory } from './repositories.ts';

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
  expect(await looseHead(located(dir, 'sha256'), objectsOf(dir, 'sha256'))).toBe(head);
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

test.each([
  ['a comment', '# objectformat = sha256\n', { hash: 'sha1' }],
  ['what new repositories get', '[init]\n\tdefaultObjectFormat = sha256\n', { hash: 'sha1' }],
  ['a remote', '[remote "origin"]\n\turl = "a b"; x\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n', { hash: 'sha1' }],
  ['a bare one', '[core]\n\tbare = yes\n', undefined],
  ['a bare one without a value', '[core]\n\tbare\n', undefined],
  ['quotes', '[core]\n\trepositoryformatversion = "0"\n', undefined],
  ['other files', '[include]\n\tpath = other\n', undefined],
  ['an extension', '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n', undefined],
  ['another hash', '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n', { hash: 'sha256' }],
  ['a key behind its section', '[core] bare = true\n', undefined],
  ['a value of several lines', '[core]\n\tbare = fal\\\nse\n', undefined],
])('a repository whose configuration has %s is located without Git if that is plain', (_what, text, plain) => {
  const dir = newRepository();
  writeFileSync(join(dir, '.git/config'), text);
  expect(plainRepository(dir)).toEqual(
    plain === undefined ? undefined : { root: dir, common: join(dir, '.git'), own: join(dir, '.git'), ...plain },
  );
});

test.each(['refs', 'objects', 'HEAD'])('a repository without %s is Git’s to refuse', (name) => {
  const dir = newRepository();
  rmSync(join(dir, '.git', name), { recursive: true });
  expect(plainRepository(dir)).toBeUndefined();
});

test.each([
  ['main\u00a0', (dir: string) => git(dir, 'checkout', '--quiet', '-b', 'main\u00a0')],
  [
    'of',
    (dir: string) => {
      git(dir, 'checkout', '--quiet', '-b', 'of');
      rmSync(join(dir, '.git/HEAD'));
      symlinkSync('refs/heads/of', join(dir, '.git/HEAD'));
    },
  ],
  ['HEAD', (dir: string) => git(dir, 'checkout', '--quiet', '--detach')],
  ['a/b-c.d', (dir: string) => git(dir, 'checkout', '--quiet', '-b', 'a/b-c.d')],
])('the branch %j and its commit are Git’s own answers', async (branch, checkOut) => {
  const dir = newRepository();
  checkOut(dir);
  git(dir, 'commit', '--quiet', '--allow-empty', '--message=Second');
  const repository = await open(dir);
  expect([await repository.branch(), await repository.head()]).toEqual([branch, git(dir, 'rev-parse', 'HEAD')]);
});

const LEDGER = 'refs/atmos/ledger/shop/dev';
test.each([
  ['empty', (path: string) => writeFileSync(path, '')],
  ['garbage', (path: string) => writeFileSync(path, 'garbage\n')],
  ['the id of nothing', (path: string) => writeFileSync(path, `${'12'.repeat(20)}\n`)],
])('a ref that is %s is an error, not one that is not there', async (_what, damage) => {
  const dir = newRepository();
  git(dir, 'update-ref', LEDGER, 'HEAD');
  damage(join(dir, '.git', LEDGER));
  const repository = await open(dir);
  await expect(repository.idOf(LEDGER)).rejects.toMatchObject({ code: 'damaged-ref' });
  await repository.removeDamaged(LEDGER);
  expect(await repository.idOf(LEDGER)).toBeUndefined();
});

test('a branch that is called like a ref is not that ref', async () => {
  const dir = newRepository();
  git(dir, 'branch', LEDGER);
  expect(await (await open(dir)).idOf(LEDGER)).toBeUndefined();
  git(dir, 'commit', '--quiet', '--allow-empty', '--message=Second');
  git(dir, 'update-ref', LEDGER, 'HEAD');
  git(dir, 'pack-refs', '--all');
  expect(await (await open(dir)).idOf(LEDGER)).toBe(git(dir, 'rev-parse', 'HEAD'));
});

test('a repository below a directory with a line feed in its name is found', async () => {
  const dir = join(temporaryDirectory(), 'a\nb');
  mkdirSync(join(dir, 'below'), { recursive: true });
  git(dir, 'init', '--quiet');
  expect((await open(join(dir, 'below'))).root).toBe(dir);
});

test('an object that is damaged is named', async () => {
  const dir = newRepository();
  const id = git(dir, 'rev-parse', 'HEAD');
  const path = join(dir, '.git/objects', id.slice(0, 2), id.slice(2));
  chmodSync(path, 0o644);
  writeFileSync(path, '');
  await expect((await open(dir)).readObject(id)).rejects.toMatchObject({ code: 'git-failed', message: expect.stringContaining(id) });
});
