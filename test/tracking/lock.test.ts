import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { formatProcess, thisProcess } from '../../engine/index.ts';
import { EXPIRY, type LockOwner, Locks, LockWatch, Refs } from '../../tracking/index.ts';
import { limit } from '../pace.ts';
import { ANA, clone, git, newRemote, newRepository, open, RAVI } from './repositories.ts';

const REF = 'refs/atmos/locks/shop/dev';

async function locksAt(dir: string, remote?: string, watch?: LockWatch): Promise<Locks> {
  const repository = await open(dir);
  return new Locks(repository, new Refs(repository, remote), watch);
}

/** A clock that a test sets, and what a clone remembers. */
function watched(): { watch(): LockWatch; pass(ms: number): void } {
  let now = 0;
  const kept = new Map<string, string>();
  const memory = { get: async (key: string) => kept.get(key), put: async (key: string, text: string) => void kept.set(key, text) };
  return {
    watch: () => new LockWatch(memory, { epoch: 'this-boot', now: () => now }),
    pass: (ms) => {
      now += ms;
    },
  };
}

function owner(fields: Partial<LockOwner> = {}): LockOwner {
  return {
    version: 1,
    by: ANA,
    host: 'laptop',
    process: formatProcess(thisProcess()),
    nonce: '00',
    acquired: '2026-01-02T03:04:05Z',
    renewed: '2026-01-02T03:04:05Z',
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
  const lock = await ana.acquire({ deployment: 'shop', target: 'dev' }, ANA);
  await expect(ravi.acquire({ deployment: 'shop', target: 'dev' }, RAVI)).rejects.toMatchObject({
    kind: 'refused',
    code: 'locked',
    message: expect.stringContaining('ana@example.com'),
    hint: expect.stringContaining('atmos-deployment unlock shop --target dev --force'),
  });
  await lock.release();
  expect(git(remote, 'for-each-ref', REF)).toBe('');
  await (await ravi.acquire({ deployment: 'shop', target: 'dev' }, RAVI)).release();
});

test('of eight who ask at once exactly one gets the lock', { timeout: limit(60_000) }, async () => {
  const remote = newRemote();
  const all = await Promise.all(Array.from({ length: 8 }, () => locksAt(clone(remote), 'origin')));
  const outcomes = await Promise.allSettled(all.map((locks) => locks.acquire({ deployment: 'shop', target: 'dev' }, ANA)));
  const held = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  expect(held).toHaveLength(1);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'locked' });
  await held[0]?.value.release();
});

test('locks of other targets do not matter', async () => {
  const locks = await locksAt(newRepository());
  const held = await Promise.all(['dev', 'staging'].map((target) => locks.acquire({ deployment: 'shop', target }, ANA)));
  for (const lock of held) await lock.release();
});

test('a lock whose owner was killed on this machine is taken over at once', async () => {
  const dir = newRepository();
  plant(dir, owner({ process: formatProcess({ ...thisProcess(), started: '1' }) }));
  await (await (await locksAt(dir)).acquire({ deployment: 'shop', target: 'dev' }, RAVI)).release();
});

const ELSEWHERE = formatProcess({ machine: 'elsewhere', pid: 1, started: '1' });

test('a lock of another machine counts, whatever clocks say, until it was watched unchanged for as long as it holds', async () => {
  const dir = newRepository();
  plant(dir, owner({ process: ELSEWHERE, acquired: '2020-01-01T00:00:00Z', renewed: '2020-01-01T00:00:00Z' }));
  const { watch, pass } = watched();
  const take = async (): Promise<unknown> => (await locksAt(dir, undefined, watch())).acquire({ deployment: 'shop', target: 'dev' }, RAVI);
  await expect(take()).rejects.toMatchObject({ code: 'locked' });
  pass(EXPIRY - 1);
  await expect(take()).rejects.toMatchObject({ code: 'locked' });
  // It was renewed: from now on another one is watched.
  plant(dir, owner({ process: ELSEWHERE, nonce: '01' }));
  pass(EXPIRY - 1);
  await expect(take()).rejects.toMatchObject({ code: 'locked' });
  pass(EXPIRY);
  await expect(take()).resolves.toBeDefined();
});

test('what was seen in another boot of the machine counts for nothing', async () => {
  const memory = { get: async () => 'another-boot the-lock 0', put: async () => undefined };
  expect(await new LockWatch(memory, { epoch: 'this-boot', now: () => EXPIRY * 2 }).unchangedFor(REF, 'the-lock')).toBe(0);
});

test('whoever holds a lock that was taken away is told before the next effect', async () => {
  const remote = newRemote();
  const [ana, ravi] = [await locksAt(clone(remote), 'origin'), await locksAt(clone(remote), 'origin')];
  const lock = await ana.acquire({ deployment: 'shop', target: 'dev' }, ANA);
  await lock.check();
  await ravi.force({ deployment: 'shop', target: 'dev' });
  await ravi.acquire({ deployment: 'shop', target: 'dev' }, RAVI);
  await expect
    .poll(() =>
      lock.check().then(
        () => 'ours',
        (error: { code: string }) => error.code,
      ),
    )
    .toBe('lock-lost');
  expect(lock.lost.aborted).toBe(true);
  await lock.release();
  expect(git(remote, 'for-each-ref', REF)).not.toBe('');
});

test('force takes the lock of whoever holds it and says who that was, also one that says nothing', async () => {
  const dir = newRepository();
  plant(dir, owner({ by: RAVI }));
  const locks = await locksAt(dir);
  expect(await locks.force({ deployment: 'shop', target: 'dev' })).toMatchObject({ found: true, owner: { by: RAVI } });
  expect(await locks.force({ deployment: 'shop', target: 'dev' })).toEqual({ found: false, owner: undefined });
  git(dir, 'update-ref', REF, git(dir, 'hash-object', '-w', 'README'));
  await expect(locks.acquire({ deployment: 'shop', target: 'dev' }, ANA)).rejects.toMatchObject({ code: 'unknown-version' });
  expect(await locks.force({ deployment: 'shop', target: 'dev' })).toEqual({ found: true, owner: undefined });
});
