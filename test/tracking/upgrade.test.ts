import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { sha256 } from '../../engine/index.ts';
import { currentComponents, destroyWork, Ledger, ledgerRef, Refs, step } from '../../tracking/index.ts';
import { ANA, entry, git, newRepository, open, RELEASE, result } from './repositories.ts';

const REF = ledgerRef({ deployment: 'shop', target: 'dev' });
const LAYER = sha256('layer');
const COMMIT = 'c0ffee'.padEnd(40, '0');

const RECORD1 = {
  version: 1,
  kind: 'intent',
  deployment: 'shop',
  target: 'dev',
  release: RELEASE,
  commit: COMMIT,
  dirty: false,
  promotedFrom: null,
  by: ANA,
  at: '2026-01-02T03:04:05Z',
  result: null,
  durationMs: null,
  components: {},
  reason: null,
};

const COMPONENT1 = { release: RELEASE, commit: COMMIT, layer: LAYER, by: ANA, at: '2026-01-01T00:00:00Z', outputs: null, upstream: {} };

/** A ledger as an earlier version wrote it: one component runs, and an intent that names it and another one has no outcome. */
function plant(dir: string): void {
  const state = {
    version: 1,
    deployment: 'shop',
    target: 'dev',
    state: 'deploying',
    release: RELEASE,
    commit: COMMIT,
    by: ANA,
    at: '2026-01-02T03:04:05Z',
    components: { 'terraform/net': COMPONENT1, 'terraform/db': COMPONENT1 },
    open: ['terraform/db', 'terraform/new'],
    approvals: {},
    ran: [{ release: RELEASE, commit: COMMIT, artifacts: LAYER }],
  };
  const call = (input: string, ...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: dir, input, encoding: 'utf8' }).trim();
  const blob = (value: unknown): string => call(JSON.stringify(value), 'hash-object', '-w', '--stdin');
  const tree = call(`100644 blob ${blob(RECORD1)}\trecord.json\n100644 blob ${blob(state)}\tstate.json\n`, 'mktree');
  git(dir, 'update-ref', REF, git(dir, 'commit-tree', '-m', 'intent', tree));
}

test('a ledger of version 1 is read: what an intent named is pending, and what it does not say is not taken for current', async () => {
  const dir = newRepository();
  plant(dir);
  const repository = await open(dir);
  const ledger = new Ledger(repository, new Refs(repository, undefined), () => undefined);
  const state = await ledger.state({ deployment: 'shop', target: 'dev' });
  expect(state).toMatchObject({
    version: 2,
    state: 'deploying',
    components: {
      'terraform/net': { status: 'applied', settings: null },
      'terraform/db': { status: 'pending' },
      'terraform/new': { status: 'pending', release: RELEASE },
    },
  });
  expect([...destroyWork(state, undefined).keys()]).toEqual(['terraform/net', 'terraform/db', 'terraform/new']);
  expect(currentComponents(state, { 'terraform/net': { layer: LAYER, settings: LAYER, upstream: [] } }).size).toBe(0);
  expect((await ledger.history({ deployment: 'shop', target: 'dev' })).map(({ kind }) => kind)).toEqual(['intent']);
});

test('the next record writes version 2', async () => {
  const dir = newRepository();
  plant(dir);
  const repository = await open(dir);
  const ledger = new Ledger(repository, new Refs(repository, undefined), () => undefined);
  const before = await ledger.state({ deployment: 'shop', target: 'dev' });
  const made = entry({ components: { 'terraform/net': result() } });
  const { state } = await ledger.append('shop', 'dev', () => made);
  expect(state).toEqual(step(before, { ...made.record, root: '' }));
  expect(JSON.parse(git(dir, 'show', `${REF}:state.json`)).version).toBe(2);
  // Of what the intent named nothing was said: it is not forgotten.
  expect(Object.keys(state.components).sort()).toEqual(['terraform/db', 'terraform/net', 'terraform/new']);
});
