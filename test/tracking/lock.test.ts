import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { formatProcess, thisProcess } from '../../engine/index.ts';
import { isHeld, type LockOwner, Locks, Refs } from '../../tracking/index.ts';
import { limit } from '../pace.ts';
import { ANA, clone, git, newRemote, newRepository, open, RAVI } from './repositories.ts';

const REF = 'refs/atmos/locks/shop/dev';

async function locksAt(dir: string, remote?: string): Promise<Locks> {
  const repository = await open(dir);
  return new Locks(repository, new Refs(repository, remote));
}

function owner(fields: Partial<LockOwner> = {}): LockOwner {
  return {
    version: 1,
    by: ANA,
    host: 'laptop',
    process: formatProcess(thisProcess()),
    nonce: '00',
    acquired: '2026-01-02T03:04:05Z',
    expires: new Date(Date.now() + 60_000).toISOString(),
    ...fields,
  };
}

function plant(dir: string, lock: LockOwner): void {
  const id = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: dir, input: JSON.stringify(lock), encoding: 'utf8' }).trim();
  git(dir, 'update-ref', REF, id);
}

test('of two who want a lock one gets it, and the other is told who has it and how to take it away', async () => {
  const remote = newRemote();
  const [ana, ravi] = [await locksAt(clone(remote), 'origin'), await locksAt(clone(remote), 'origin')];
  const lock = await ana.acquire('shop', 'dev', ANA);
  await expect(ravi.acquire('shop', 'dev', RAVI)).rejects.toMatchObject({
    kind: 'refused',
    code: 'locked',
    message: expect.stringContaining('ana@example.com'),
    hint: expect.stringContaining('atmos-deployment unlock shop --target dev --force'),
  });
  await lock.release();
  expect(git(remote, 'for-each-ref', REF)).toBe('');
  await (await ravi.acquire('shop', 'dev', RAVI)).release();
});

test('of eight who ask at once exactly one gets the lock', { timeout: limit(60_000) }, async () => {
  const remote = newRemote();
  const all = await Promise.all(Array.from({ length: 8 }, () => locksAt(clone(remote), 'origin')));
  const outcomes = await Promise.allSettled(all.map((locks) => locks.acquire('shop', 'dev', ANA)));
  const held = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  expect(held).toHaveLength(1);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'locked' });
  await held[0]?.value.release();
});

test('locks of other targets do not matter', async () => {
  const locks = await locksAt(newRepository());
  const held = await Promise.all(['dev', 'staging'].map((target) => locks.acquire('shop', target, ANA)));
  for (const lock of held) await lock.release();
});

test('a lock whose owner was killed on this machine is taken over at once', async () => {
  const dir = newRepository();
  plant(dir, owner({ process: formatProcess({ ...thisProcess(), started: '1' }) }));
  await (await (await locksAt(dir)).acquire('shop', 'dev', RAVI)).release();
});

test('a lock of another machine counts until it expires', () => {
  const process = formatProcess({ machine: 'elsewhere', pid: 1, started: '1' });
  expect(isHeld(owner({ process }))).toBe(true);
  expect(isHeld(owner({ process, expires: '2026-01-02T03:05:05Z' }))).toBe(false);
});

test('force takes the lock of whoever holds it and says who that was', async () => {
  const dir = newRepository();
  plant(dir, owner({ by: RAVI }));
  const locks = await locksAt(dir);
  expect((await locks.force('shop', 'dev'))?.by).toEqual(RAVI);
  expect(await locks.force('shop', 'dev')).toBeUndefined();
});
