import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Ledger, ledgerRef, Refs } from '../../tracking/index.ts';
import { entry, git, newRepository, open } from './repositories.ts';

type Changed = Record<string, unknown>;

/** A ledger whose newest commit holds these texts as `record.json` and `state.json`. */
async function planted(change: (files: { record: Changed; state: Changed }) => readonly [record: string, state: string]): Promise<Ledger> {
  const dir = newRepository();
  const repository = await open(dir);
  const ledger = new Ledger(repository, new Refs(repository, undefined), () => undefined);
  await ledger.append('shop', 'dev', () => entry());
  const ref = ledgerRef({ deployment: 'shop', target: 'dev' });
  const read = (name: string): Changed => JSON.parse(git(dir, 'show', `${ref}:${name}.json`));
  const call = (input: string, ...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: dir, input, encoding: 'utf8' }).trim();
  const [record, state] = change({ record: read('record'), state: read('state') }).map((text) =>
    call(text, 'hash-object', '-w', '--stdin'),
  );
  const tree = call(`100644 blob ${record}\trecord.json\n100644 blob ${state}\tstate.json\n`, 'mktree');
  git(dir, 'update-ref', ref, git(dir, 'commit-tree', '-m', 'planted', tree));
  return new Ledger(repository, new Refs(repository, undefined), () => undefined);
}

const WRONG: Readonly<Record<string, unknown>> = {
  release: 'sha256:short',
  commit: '--upload-pack=x',
  by: { name: 1 },
  at: 'yesterday',
  components: { 'terraform/net': null },
  orphans: [1],
};

test.each(Object.entries(WRONG))('a state whose %s is of another form is an error that names the ledger', async (name, value) => {
  const ledger = await planted(({ record, state }) => [JSON.stringify(record), JSON.stringify({ ...state, [name]: value })]);
  await expect(ledger.state({ deployment: 'shop', target: 'dev' })).rejects.toMatchObject({
    code: 'malformed',
    message: expect.stringContaining('refs/atmos/ledger/shop/dev'),
  });
});

test.each(Object.entries(WRONG))('a record whose %s is of another form is an error that names its commit', async (name, value) => {
  const ledger = await planted(({ record, state }) => [JSON.stringify({ ...record, [name]: value }), JSON.stringify(state)]);
  await expect(ledger.history({ deployment: 'shop', target: 'dev' })).rejects.toMatchObject({ code: 'malformed' });
});

test.each(['', 'garbage', '{', '{"version":2,"components":{}}', '{"version":1,"components":{"a":null}}'])(
  'what is no state is an error that says so: %j',
  async (text) => {
    const ledger = await planted(({ record }) => [JSON.stringify(record), text]);
    await expect(ledger.state({ deployment: 'shop', target: 'dev' })).rejects.toMatchObject({ code: 'malformed' });
  },
);

test('the ledger of another target is none of this one', async () => {
  const ledger = await planted(({ record, state }) => [JSON.stringify(record), JSON.stringify({ ...state, target: 'prod' })]);
  await expect(ledger.state({ deployment: 'shop', target: 'dev' })).rejects.toMatchObject({
    code: 'malformed',
    message: expect.stringContaining('shop/prod'),
  });
});
