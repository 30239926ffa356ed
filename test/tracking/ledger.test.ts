import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ANY, componentRef, Ledger, ledgerRef, Refs } from '../../tracking/index.ts';
import { limit } from '../pace.ts';
import { clone, entry, git, newRemote, newRepository, open, RELEASE, result } from './repositories.ts';

const REF = ledgerRef({ deployment: 'shop', target: 'dev' });
const silent = (): void => {};

async function ledgerAt(dir: string, remote?: string, warn: (message: string) => void = silent): Promise<Ledger> {
  const repository = await open(dir);
  return new Ledger(repository, new Refs(repository, remote), warn);
}

test('a target that nothing was recorded of was never deployed', async () => {
  const ledger = await ledgerAt(newRepository());
  expect(await ledger.state({ deployment: 'shop', target: 'dev' })).toMatchObject({ state: 'never', release: null, components: {} });
  expect(await ledger.history({ deployment: 'shop', target: 'dev' })).toEqual([]);
});

test('a record makes a commit that reads well in git log', async () => {
  const dir = newRepository();
  const ledger = await ledgerAt(dir);
  const components = {
    'terraform/network': result({ changes: { create: 3, update: 0, delete: 0 } }),
  };
  await ledger.append('shop', 'dev', () => entry({ components, commit: git(dir, 'rev-parse', 'HEAD') }));
  const log = git(dir, 'log', '-1', '--format=%an <%ae>%n%B', REF);
  expect(log).toMatch(/^Ana <ana@example\.com>\nrollout [0-9a-f]{12}: deployed\n\nterraform\/network: applied \+3\n\n/);
  expect(git(dir, 'log', '-1', '--format=%(trailers:key=Release,valueonly)', REF)).toBe(RELEASE);
  expect(git(dir, 'ls-tree', '--name-only', REF).split('\n')).toEqual(['record.json', 'state.json']);
});

test('an intent is folded into its outcome, and shown while it has none', async () => {
  const ledger = await ledgerAt(newRepository());
  const append = (kind: 'intent' | 'rollout'): Promise<unknown> =>
    ledger.append('shop', 'dev', () => entry({ kind, result: kind === 'rollout' ? 'deployed' : null }));
  await append('intent');
  await append('rollout');
  await append('intent');
  expect((await ledger.history({ deployment: 'shop', target: 'dev' })).map(({ kind }) => kind)).toEqual(['intent', 'rollout']);
  expect((await ledger.history({ deployment: 'shop', target: 'dev' }, 1)).map(({ kind }) => kind)).toEqual(['intent']);
});

test('eight writers in clones of one remote lose no record', { timeout: limit(60_000) }, async () => {
  const remote = newRemote();
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => ledgerAt(clone(remote), 'origin')));
  await Promise.all(
    ledgers.map(async (ledger, writer) => {
      for (const lease of [1, 2]) await ledger.append('shop', 'dev', () => entry({ reason: `${writer}.${lease}` }));
    }),
  );
  const reasons = git(remote, 'log', '--format=%(trailers:key=Reason,valueonly,separator=)', REF).split('\n');
  expect(reasons.sort()).toEqual(ledgers.flatMap((_, writer) => [`${writer}.1`, `${writer}.2`]));
  expect(git(remote, 'rev-list', '--min-parents=2', REF)).toBe('');
});

test('writers in one clone without a remote lose no record', { timeout: limit(60_000) }, async () => {
  const dir = newRepository();
  const ledgers = await Promise.all(Array.from({ length: 4 }, () => ledgerAt(dir)));
  await Promise.all(
    ledgers.flatMap((ledger, writer) => [1, 2].map((lease) => ledger.append('shop', 'dev', () => entry({ reason: `${writer}.${lease}` })))),
  );
  expect(git(dir, 'rev-list', '--count', REF)).toBe('8');
});

test('a writer that comes second is asked again with the new state and may refuse', async () => {
  const remote = newRemote();
  const [first, second] = [await ledgerAt(clone(remote), 'origin'), await ledgerAt(clone(remote), 'origin')];
  const seen: string[] = [];
  const losing = second.append('shop', 'dev', async (state) => {
    seen.push(state.state);
    if (state.state !== 'never') throw new Error('refused');
    await first.append('shop', 'dev', () => entry({ reason: 'first' }));
    return entry();
  });
  await expect(losing).rejects.toThrow('refused');
  expect(seen).toEqual(['never', 'deployed']);
  expect(git(remote, 'rev-list', '--count', REF)).toBe('1');
});

test('other refs move together with the record, backwards and away too, and the clone follows the remote', async () => {
  const remote = newRemote();
  const dir = clone(remote);
  const ledger = await ledgerAt(dir, 'origin');
  const ref = componentRef({ deployment: 'shop', target: 'dev' }, 'terraform/ecs/api');
  const older = git(dir, 'rev-parse', 'HEAD');
  git(dir, 'commit', '--quiet', '--allow-empty', '--message=Second');
  const newer = git(dir, 'rev-parse', 'HEAD');
  for (const to of [newer, older]) {
    await ledger.append('shop', 'dev', () => ({ ...entry(), refs: [{ ref, from: ANY, to }] }));
    expect([git(remote, 'rev-parse', ref), git(dir, 'rev-parse', ref)]).toEqual([to, to]);
  }
  await ledger.append('shop', 'dev', () => ({ ...entry(), refs: [{ ref, from: older, to: undefined }] }));
  expect(git(remote, 'for-each-ref', 'refs/atmos/deployments/')).toBe('');
  expect(git(dir, 'rev-parse', REF)).toBe(git(remote, 'rev-parse', REF));
});

test('another clone sees what the remote has', async () => {
  const remote = newRemote();
  await (await ledgerAt(clone(remote), 'origin')).append('shop', 'dev', () => entry());
  const states = await (await ledgerAt(clone(remote), 'origin')).states('shop', ['dev', 'prod']);
  expect(states.map(({ target, state }) => [target, state])).toEqual([
    ['dev', 'deployed'],
    ['prod', 'never'],
  ]);
});

test('when the remote is out of reach a query answers from the clone with a warning, and a record is refused', async () => {
  const dir = clone(newRemote());
  const warnings: string[] = [];
  const ledger = await ledgerAt(dir, 'origin', (message) => warnings.push(message));
  await ledger.append('shop', 'dev', () => entry());
  git(dir, 'remote', 'set-url', 'origin', 'file:///nowhere.git');
  expect((await ledger.states('shop', ['dev']))[0]?.state).toBe('deployed');
  expect(warnings).toHaveLength(1);
  await expect(ledger.append('shop', 'dev', () => entry())).rejects.toMatchObject({
    kind: 'environment',
    code: 'remote-unreachable',
  });
});

test('a remote whose ledger was rewritten is not followed', async () => {
  const remote = newRemote();
  const dir = clone(remote);
  const ledger = await ledgerAt(dir, 'origin');
  for (const _ of [1, 2]) await ledger.append('shop', 'dev', () => entry());
  const ours = git(dir, 'rev-parse', REF);
  git(remote, 'update-ref', REF, `${REF}^`);
  await expect(ledger.state({ deployment: 'shop', target: 'dev' })).rejects.toMatchObject({ code: 'ledger-diverged' });
  expect(git(dir, 'rev-parse', REF)).toBe(ours);
});

test('records that were made before there was a remote are not dropped silently', async () => {
  const dir = clone(newRemote());
  await (await ledgerAt(dir)).append('shop', 'dev', () => entry());
  const shared = await ledgerAt(dir, 'origin');
  await expect(shared.append('shop', 'dev', () => entry())).rejects.toMatchObject({
    code: 'not-published',
    hint: expect.stringContaining('tracking push'),
  });
  expect(await new Refs(await open(dir), 'origin').publish()).toEqual([REF]);
  await shared.append('shop', 'dev', () => entry());
  expect(git(dir, 'rev-list', '--count', REF)).toBe('2');
});

test('a remote whose hook forbids it takes nothing, and says why', async () => {
  const remote = newRemote();
  writeFileSync(`${remote}/hooks/pre-receive`, '#!/bin/sh\necho "no ledgers here" >&2\nexit 1\n', { mode: 0o755 });
  const dir = clone(remote);
  const ledger = await ledgerAt(dir, 'origin');
  const appended = ledger.append('shop', 'dev', () => entry());
  await expect(appended).rejects.toMatchObject({
    kind: 'refused',
    code: 'push-rejected',
    message: expect.stringContaining('no ledgers here'),
  });
  expect(git(dir, 'for-each-ref', 'refs/atmos/')).toBe('');
});
