import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { elsewhere } from '../../tracking/git/push-address.ts';
import { Ledger, ledgerRef, Refs } from '../../tracking/index.ts';
import { clone, configure, entry, git, newRemote, newRepository, open, temporaryDirectory } from './repositories.ts';

const LEDGER = ledgerRef({ deployment: 'shop', target: 'dev' });

async function onRemote(dir: string): Promise<{ readonly refs: Refs; readonly ledger: Ledger }> {
  const repository = await open(dir);
  const refs = new Refs(repository, 'origin');
  return { refs, ledger: new Ledger(repository, refs, () => undefined) };
}

test.each(['heads', 'tags', 'remotes'])(
  'a ref of %s on the remote that Git takes for a ledger is refused by name, and not fetched',
  async (kind) => {
    const remote = newRemote();
    const dir = clone(remote);
    const { refs, ledger } = await onRemote(dir);
    await ledger.append('shop', 'dev', () => entry());
    git(remote, 'update-ref', `refs/${kind}/${LEDGER}`, 'refs/heads/main');
    const refused = { code: 'ambiguous-ref', message: expect.stringContaining(`refs/${kind}/${LEDGER}`) };
    await expect(refs.read([LEDGER])).rejects.toMatchObject(refused);
    await expect(refs.look(['refs/atmos/ledger/*'])).rejects.toMatchObject(refused);
    expect(git(dir, 'for-each-ref', `refs/${kind}/refs`)).toBe('');
  },
);

test('what merely ends like a ref of ours is none, whoever has it', async () => {
  const remote = newRemote();
  git(remote, 'update-ref', `refs/namespaces/other/${LEDGER}`, 'refs/heads/main');
  git(remote, 'update-ref', 'refs/namespaces/other/refs/heads/main', 'refs/heads/main');
  const { refs, ledger } = await onRemote(clone(remote));
  expect([...(await refs.read(['refs/atmos/ledger/*']))]).toEqual([]);
  await ledger.append('shop', 'dev', () => entry());
  expect([...(await refs.read(['refs/atmos/ledger/*'])).keys()]).toEqual([LEDGER]);
  git(remote, 'symbolic-ref', 'HEAD', 'refs/heads/gone');
  expect(await refs.head()).toBe(git(remote, 'rev-parse', 'refs/heads/main'));
});

test('where records would be pushed to another place than they are read from, nothing is recorded', async () => {
  const [remote, fork] = [newRemote(), newRemote()];
  const dir = clone(remote);
  git(dir, 'config', 'remote.origin.pushurl', fork);
  const { ledger } = await onRemote(dir);
  await expect(ledger.append('shop', 'dev', () => entry())).rejects.toMatchObject({ code: 'pushed-elsewhere' });
  expect(git(fork, 'for-each-ref', 'refs/atmos')).toBe('');
  git(dir, 'config', 'remote.origin.pushurl', `file://${remote}`);
  await (await onRemote(dir)).ledger.append('shop', 'dev', () => entry());
  expect(git(remote, 'for-each-ref', '--format=%(refname)', 'refs/atmos/ledger')).toBe(LEDGER);
});

test.each([
  ['https://host/a/b.git', 'git@host:a/b', true],
  ['https://user:word@Host/a/b/', 'ssh://git@host:2222/a/b.git', true],
  ['/srv/a.git', '/srv/a.git', true],
  ['https://host/a/b', 'https://host/c/b', false],
  ['https://host/a/b', 'https://other/a/b', false],
  ['/srv/a', '/srv/b', false],
])('%s and %s are one place: %s', (read, written, isOne) => {
  expect(elsewhere({ read: [read], written: [written] })).toBe(isOne ? undefined : written);
});

test('the path of a remote may have a line feed in it', async () => {
  const remote = join(temporaryDirectory(), 'two\nlines.git');
  renameSync(newRemote(), remote);
  const dir = newRepository();
  git(dir, 'remote', 'add', 'origin', remote);
  await (await onRemote(dir)).ledger.append('shop', 'dev', () => entry());
  expect(git(remote, 'for-each-ref', '--format=%(refname)', 'refs/atmos/ledger')).toBe(LEDGER);
});

test('a second address to push to counts as well', () => {
  expect(elsewhere({ read: ['https://host/a'], written: ['https://host/a', 'https://mirror/a'] })).toBe('https://mirror/a');
});

const HIDDEN: Readonly<Record<string, (path: string) => void>> = {
  'a symbolic ref that leads nowhere': (path) => writeFileSync(path, 'ref: refs/atmos/ledger/none\n'),
  'a link to itself': (path) => symlinkSync('dev', path),
};

test.each(Object.entries(HIDDEN))('%s is an error also where refs are listed', async (_, hide) => {
  const dir = newRepository();
  const path = join(dir, '.git', LEDGER);
  mkdirSync(dirname(path), { recursive: true });
  hide(path);
  const refs = new Refs(await open(dir), undefined);
  await expect(refs.read(['refs/atmos/ledger/*'])).rejects.toMatchObject({ code: 'damaged-ref', message: expect.stringContaining(LEDGER) });
  await expect(refs.read([LEDGER])).rejects.toMatchObject({ code: 'damaged-ref' });
});

test('whether a commit comes before another one is known in a shallow clone, wherever its remote’s address is said', async () => {
  const work = temporaryDirectory();
  const [origin, shallow] = [join(work, 'origin'), join(work, 'shallow')];
  cpSync(newRepository(), origin, { recursive: true });
  git(origin, 'commit', '--quiet', '--allow-empty', '--message=Second');
  const [older, newer] = [git(origin, 'rev-parse', 'HEAD~'), git(origin, 'rev-parse', 'HEAD')];
  git(work, 'clone', '--quiet', '--depth=1', `file://${origin}`, shallow);
  configure(shallow);
  const ask = async (): Promise<readonly boolean[]> => {
    const { refs } = await onRemote(shallow);
    return [await refs.isBefore(older, newer), await refs.isBefore(newer, older)];
  };
  git(shallow, 'remote', 'set-url', 'origin', '../origin');
  expect(await ask()).toEqual([true, false]);
  git(shallow, 'remote', 'set-url', 'origin', 'short:origin');
  writeFileSync(join(work, 'included'), `[url "${work}/"]\n\tinsteadOf = short:\n`);
  git(shallow, 'config', `includeIf.gitdir:${work}/.path`, join(work, 'included'));
  expect(await ask()).toEqual([true, false]);
  git(shallow, 'config', '--unset', `includeIf.gitdir:${work}/.path`);
  git(shallow, 'config', 'extensions.worktreeConfig', 'true');
  git(shallow, 'config', '--worktree', `url.${work}/.insteadOf`, 'short:');
  expect(await ask()).toEqual([true, false]);
});

test('a place of the repository that is relative is so to where the command was started', async () => {
  const dir = newRepository();
  mkdirSync(join(dir, 'infra'));
  await new Ledger(await open(dir), new Refs(await open(dir), undefined), () => undefined).append('shop', 'dev', () => entry());
  const before = process.cwd();
  onTestFinished(() => {
    process.chdir(before);
    for (const name of ['GIT_DIR', 'GIT_WORK_TREE']) delete process.env[name];
  });
  process.chdir(join(dir, 'infra'));
  Object.assign(process.env, { GIT_DIR: '../.git', GIT_WORK_TREE: '..' });
  const refs = new Refs(await open(join(dir, 'infra')), undefined);
  expect([...(await refs.read(['refs/atmos/ledger/*'])).keys()]).toEqual([LEDGER]);
});

test.each(['', 'garbage\n'])('a directory whose HEAD is %j is no repository of its own', async (head) => {
  const outer = newRepository();
  const inner = join(outer, 'inner');
  git(outer, 'init', '--quiet', inner);
  writeFileSync(join(inner, '.git/HEAD'), head);
  expect((await open(inner)).root).toBe(outer);
});

test('a ledger that this user may not read is an error', async () => {
  const dir = newRepository();
  const path = join(dir, '.git', dirname(LEDGER));
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  // Root may read all: what is no directory of ours stands for what can't be opened.
  symlinkSync('shop', path);
  chmodSync(dirname(path), 0o700);
  const refs = new Refs(await open(dir), undefined);
  await expect(refs.read(['refs/atmos/ledger/shop/*'])).rejects.toMatchObject({ code: 'damaged-ref' });
});
