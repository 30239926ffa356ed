import { chmodSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepository } from '../../tracking/index.ts';
import { ANA, git, newRepository, open, temporaryDirectory } from './repositories.ts';

function writeSources(dir: string): void {
  mkdirSync(join(dir, 'app/lib'), { recursive: true });
  writeFileSync(join(dir, 'app/run.sh'), '#!/bin/sh\n');
  chmodSync(join(dir, 'app/run.sh'), 0o755);
  writeFileSync(join(dir, 'app/lib/ä b.txt'), 'text\n');
  symlinkSync('lib/ä b.txt', join(dir, 'app/link'));
}

test('a directory outside of Git is refused with the command that makes a repository', async () => {
  await expect(openRepository(temporaryDirectory())).rejects.toMatchObject({
    kind: 'environment',
    code: 'not-a-git-repository',
    hint: expect.stringContaining('git init'),
  });
});

test('a repository is found from a directory within it, with its branch, head and identity', async () => {
  const dir = newRepository();
  mkdirSync(join(dir, 'deep/er'), { recursive: true });
  const repository = await open(join(dir, 'deep/er'));
  expect(repository.root).toBe(git(dir, 'rev-parse', '--show-toplevel'));
  expect(repository.gitDir).toBe(join(repository.root, '.git'));
  expect(await repository.branch()).toBe('main');
  expect(await repository.head()).toBe(git(dir, 'rev-parse', 'HEAD'));
  expect(await repository.resolveCommit('main')).toBe(git(dir, 'rev-parse', 'HEAD'));
  expect(await repository.identity()).toEqual(ANA);
});

test('a linked working tree is found with what it shares and what is its own', async () => {
  const dir = newRepository();
  const linked = join(temporaryDirectory(), 'linked');
  git(dir, 'worktree', 'add', '--quiet', '-b', 'other', linked);
  const repository = await open(linked);
  expect(repository.root).toBe(realpathSync(linked));
  expect(repository.gitDir).toBe(realpathSync(join(dir, '.git')));
  expect([await repository.branch(), await repository.head()]).toEqual(['other', git(dir, 'rev-parse', 'HEAD')]);
});

test('GIT_DIR is followed as Git follows it', async () => {
  const [here, there] = [newRepository(), newRepository()];
  git(there, 'commit', '--quiet', '--allow-empty', '--message=Second');
  process.env.GIT_DIR = join(there, '.git');
  try {
    expect(await (await open(here)).head()).toBe(git(there, 'rev-parse', 'HEAD'));
  } finally {
    delete process.env.GIT_DIR;
  }
});

test('the head is what Git says it is, however its refs are kept', async () => {
  const heads: readonly (readonly [how: string, prepare: (dir: string) => void])[] = [
    ['packed', (dir) => git(dir, 'pack-refs', '--all')],
    [
      'packed, and moved since',
      (dir) => git(git(dir, 'pack-refs', '--all') || dir, 'commit', '--quiet', '--allow-empty', '--message=Second'),
    ],
    ['detached', (dir) => git(dir, 'checkout', '--quiet', '--detach')],
    ['a branch within a folder', (dir) => git(dir, 'checkout', '--quiet', '-b', 'feature/one')],
    [
      'a branch that stands for another one',
      (dir) => git(git(dir, 'branch', 'two') || dir, 'symbolic-ref', 'refs/heads/main', 'refs/heads/two'),
    ],
    ['no branch', (dir) => git(dir, 'symbolic-ref', 'HEAD', 'refs/remotes/origin/main')],
  ];
  for (const [how, prepare] of heads) {
    const dir = newRepository();
    prepare(dir);
    const asGit = how === 'no branch' ? undefined : git(dir, 'rev-parse', 'HEAD');
    expect([how, await (await open(dir)).head()]).toEqual([how, asGit]);
  }
});

test('before the first commit there is a branch but no head', async () => {
  const dir = temporaryDirectory();
  git(dir, 'init', '--quiet', '--initial-branch=trunk');
  const repository = await open(dir);
  expect(await repository.head()).toBeUndefined();
  expect(await repository.branch()).toBe('trunk');
});

test('a revision that is not there, or looks like an option, is an error that names it', async () => {
  const repository = await open(newRepository());
  await expect(repository.resolveCommit('nowhere')).rejects.toMatchObject({ kind: 'invalid', code: 'unknown-commit' });
  await expect(repository.resolveCommit('--all')).rejects.toMatchObject({ code: 'unknown-commit' });
});

test('without a configured identity the error says how to set one', async () => {
  const dir = newRepository();
  git(dir, 'config', 'user.useConfigOnly', 'true');
  git(dir, 'config', 'user.email', '');
  const repository = await open(dir);
  await expect(repository.identity()).rejects.toMatchObject({ code: 'no-identity', hint: expect.stringContaining('git config') });
});

test('the working tree has tracked and new files with their modes, and neither ignored nor deleted ones', async () => {
  const dir = newRepository();
  writeSources(dir);
  writeFileSync(join(dir, 'app/gone'), '');
  writeFileSync(join(dir, '.gitignore'), '*.log\n');
  git(dir, 'add', '--all');
  rmSync(join(dir, 'app/gone'));
  writeFileSync(join(dir, 'app/noise.log'), '');
  writeFileSync(join(dir, 'app/new'), 'new\n');
  const entries = await (await open(dir)).entries('worktree', 'app');
  expect(entries.map(({ path, mode }) => [path, mode])).toEqual([
    ['lib/ä b.txt', '644'],
    ['link', 'link'],
    ['new', '644'],
    ['run.sh', '755'],
  ]);
  const link = entries.find(({ path }) => path === 'link');
  expect(Buffer.from((await link?.read()) ?? []).toString()).toBe('lib/ä b.txt');
});

test('a link out of a directory stands for what it leads to, a file or a directory, committed or not', async () => {
  const dir = newRepository();
  writeSources(dir);
  mkdirSync(join(dir, 'shared/mod'), { recursive: true });
  writeFileSync(join(dir, 'shared/mod/main.tf'), 'm');
  symlinkSync('../shared/mod', join(dir, 'app/mod'));
  symlinkSync('../shared/mod/main.tf', join(dir, 'app/one.tf'));
  const paths = async (rev: string): Promise<readonly string[]> => (await (await open(dir)).entries(rev, 'app')).map(({ path }) => path);
  const all = ['lib/ä b.txt', 'link', 'mod/main.tf', 'one.tf', 'run.sh'];
  expect(await paths('worktree')).toEqual(all);
  git(dir, 'add', '--all');
  git(dir, 'commit', '--quiet', '--message=Sources');
  expect(await paths('worktree')).toEqual(all);
  expect(await paths(git(dir, 'rev-parse', 'HEAD'))).toEqual(all);
});

test('links to what a commit does not have stay links and say so, in the working tree too; links to links are followed', async () => {
  const dir = newRepository();
  mkdirSync(join(dir, 'app'), { recursive: true });
  mkdirSync(join(dir, 'lib'));
  writeFileSync(join(dir, 'lib/real.txt'), 'real');
  writeFileSync(join(dir, 'lib/a.log'), 'ignored');
  writeFileSync(join(dir, '.gitignore'), '*.log\n');
  for (const [path, to] of [
    ['app/abs', '/etc/passwd'],
    ['app/out', '../../outside'],
    ['app/twice', '../lib/link'],
    ['lib/link', 'real.txt'],
    ['app/circle', '../lib/one'],
    ['lib/one', 'two'],
    ['lib/two', 'one'],
    ['app/gone', '../lib/gone'],
    ['app/own', '../.git/config'],
    ['app/ignored', '../lib/a.log'],
  ] as const)
    symlinkSync(to, join(dir, path));
  const seen = async (rev: string) =>
    Promise.all(
      (await (await open(dir)).entries(rev, 'app')).map(async ({ path, mode, outside, read }) => [
        path,
        mode,
        outside ?? '',
        Buffer.from(await read()).toString(),
      ]),
    );
  const all = [
    ['abs', 'link', 'app/abs', '/etc/passwd'],
    ['circle', 'link', 'app/circle', '../lib/one'],
    ['gone', 'link', 'app/gone', '../lib/gone'],
    ['ignored', 'link', 'app/ignored', '../lib/a.log'],
    ['out', 'link', 'app/out', '../../outside'],
    ['own', 'link', 'app/own', '../.git/config'],
    ['twice', '644', '', 'real'],
  ];
  expect(await seen('worktree')).toEqual(all);
  git(dir, 'add', '--all');
  git(dir, 'commit', '--quiet', '--message=Links');
  expect(await seen('worktree')).toEqual(all);
  expect(await seen(git(dir, 'rev-parse', 'HEAD'))).toEqual(all);
});

test('what links lead to counts with what they are changes of, as do the links', async () => {
  const dir = newRepository();
  mkdirSync(join(dir, 'real/a'), { recursive: true });
  writeFileSync(join(dir, 'real/app.yaml'), 'one');
  writeFileSync(join(dir, 'real/a/main.tf'), 'one');
  symlinkSync('real', join(dir, 'linked'));
  symlinkSync('linked/app.yaml', join(dir, 'app.yaml'));
  git(dir, 'add', '--all');
  git(dir, 'commit', '--quiet', '--message=Links');
  const dirty = async (path: string): Promise<readonly string[]> => (await open(dir)).dirtyPaths([path]);
  expect([await dirty('app.yaml'), await dirty('linked/a')]).toEqual([[], []]);
  writeFileSync(join(dir, 'real/app.yaml'), 'two');
  writeFileSync(join(dir, 'real/a/main.tf'), 'two');
  expect([await dirty('app.yaml'), await dirty('linked/a')]).toEqual([['real/app.yaml'], ['real/a/main.tf']]);
  git(dir, 'commit', '--quiet', '--all', '--message=Two');
  rmSync(join(dir, 'linked'));
  symlinkSync('./real', join(dir, 'linked'));
  expect([await dirty('app.yaml'), await dirty('linked/a')]).toEqual([['linked'], ['linked']]);
});

test('a commit has the same entries as the clean working tree, byte for byte', async () => {
  const dir = newRepository();
  writeSources(dir);
  git(dir, 'add', '--all');
  git(dir, 'commit', '--quiet', '--message=Sources');
  const repository = await open(dir);
  const read = async (rev: string): Promise<unknown> =>
    Promise.all(
      (await repository.entries(rev, 'app')).map(async ({ path, mode, read: content }) => [
        path,
        mode,
        Buffer.from(await content()).toString(),
      ]),
    );
  expect(await read('HEAD')).toEqual(await read('worktree'));
  expect(await repository.entries('HEAD', 'nothing')).toEqual([]);
});

test('files of a commit are those of then, not those of now', async () => {
  const dir = newRepository();
  const repository = await open(dir);
  const commit = (await repository.head()) ?? '';
  writeFileSync(join(dir, 'README'), 'changed\n');
  const files = repository.files(commit);
  expect(Buffer.from((await files.read('README')) ?? []).toString()).toBe('hello\n');
  expect(await files.read('LICENSE')).toBeUndefined();
  expect(await files.list('')).toEqual(['README']);
  expect(await files.list('docs')).toEqual([]);
});

test('dirty paths are the modified, the staged and the new ones below what was asked', async () => {
  const dir = newRepository();
  writeFileSync(join(dir, 'README'), 'changed\n');
  writeFileSync(join(dir, 'staged'), '');
  git(dir, 'add', 'staged');
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'sub/new *'), '');
  const repository = await open(dir);
  expect(await repository.dirtyPaths(['.'])).toEqual(['README', 'staged', 'sub/new *']);
  expect(await repository.dirtyPaths(['sub'])).toEqual(['sub/new *']);
  expect(await repository.dirtyPaths([])).toEqual([]);
});
