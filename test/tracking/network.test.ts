import { expect, onTestFinished, test } from 'vitest';
import { Ledger, Locks, ledgerRef, Refs } from '../../tracking/index.ts';
import { type Fault, type GitServer, serveGit } from '../git-server.ts';
import { limit } from '../pace.ts';
import { ANA, clone, entry, git, newRemote, open } from './repositories.ts';

const REF = ledgerRef({ deployment: 'shop', target: 'dev' });

interface Site {
  readonly server: GitServer;
  readonly remote: string;
  ledger(): Promise<Ledger>;
  locks(): Promise<Locks>;
}

/** A remote over HTTP, and clones of it. */
async function site(): Promise<Site> {
  const remote = newRemote();
  const server = await serveGit(remote);
  onTestFinished(() => server.close());
  const at = async () => {
    const dir = clone(remote);
    git(dir, 'remote', 'set-url', 'origin', server.url);
    const repository = await open(dir);
    return { repository, refs: new Refs(repository, 'origin') };
  };
  return {
    server,
    remote,
    ledger: async () => {
      const { repository, refs } = await at();
      return new Ledger(repository, refs, () => undefined);
    },
    locks: async () => {
      const { repository, refs } = await at();
      return new Locks(repository, refs);
    },
  };
}

const reasonsIn = (remote: string): readonly string[] =>
  git(remote, 'log', '--format=%(trailers:key=Reason,valueonly,separator=)', REF)
    .split('\n')
    .filter((line) => line !== '')
    .sort();

/** The same faults in every run: one request in five is refused, and some more are cut. */
function faults(): () => Fault {
  let count = 0;
  return () => {
    count += 1;
    if (count % 5 === 0) return 'unavailable';
    if (count % 11 === 0) return 'cut-before';
    return count % 7 === 0 ? 'cut-after' : 'none';
  };
}

/** Cuts the line after the first push was taken. */
function loseFirstPush(): (request: string) => Fault {
  let isLost = false;
  return (request) => {
    if (isLost || !request.startsWith('POST') || !request.endsWith('git-receive-pack')) return 'none';
    isLost = true;
    return 'cut-after';
  };
}

test('records arrive exactly once on a remote that refuses requests, and cuts lines before and after its work', {
  timeout: limit(120_000),
}, async () => {
  const { server, remote, ledger } = await site();
  const own = await ledger();
  server.fault(faults());
  const wanted = Array.from({ length: 5 }, (_, index) => `record ${String(index).padStart(2, '0')}`);
  for (const reason of wanted) await own.append('shop', 'dev', () => entry({ reason }));
  expect(reasonsIn(remote)).toEqual(wanted);
});

test('a push whose answer was lost is known again, also when others came after it', { timeout: limit(60_000) }, async () => {
  const { server, remote, ledger } = await site();
  const [own, other] = [await ledger(), await ledger()];
  await own.append('shop', 'dev', () => entry({ reason: 'first' }));
  server.fault(loseFirstPush());
  await own.append('shop', 'dev', () => entry({ reason: 'lost' }));
  await other.append('shop', 'dev', () => entry({ reason: 'other' }));
  expect(reasonsIn(remote)).toEqual(['first', 'lost', 'other']);
});

test('a lock whose answer was lost is held, and freed', { timeout: limit(60_000) }, async () => {
  const { server, remote, locks } = await site();
  const own = await locks();
  server.fault(loseFirstPush());
  const lock = await own.acquire({ deployment: 'shop', target: 'dev' }, ANA);
  await lock.check();
  await lock.release();
  expect(git(remote, 'for-each-ref', 'refs/atmos/locks')).toBe('');
});

test('what a remote refuses for good is not asked again', async () => {
  const { server, remote, ledger } = await site();
  const own = await ledger();
  git(remote, 'config', 'transfer.hideRefs', 'refs/atmos');
  await expect(own.append('shop', 'dev', () => entry())).rejects.toMatchObject({ code: 'push-rejected' });
  expect(server.requests.filter((request) => request.startsWith('POST') && request.endsWith('git-receive-pack'))).toHaveLength(1);
});

test('whoever stops what waits for a silent remote is not kept waiting', async () => {
  const { server, remote } = await site();
  const dir = clone(remote);
  git(dir, 'remote', 'set-url', 'origin', server.url);
  const repository = await open(dir);
  const interrupt = new AbortController();
  const refs = new Refs(repository, 'origin', () => ({ interrupt: interrupt.signal, force: new AbortController().signal }));
  server.fault(() => 'silent');
  const reading = refs.read([REF]);
  await expect.poll(() => server.requests.length).toBeGreaterThan(0);
  interrupt.abort();
  await expect(reading).rejects.toMatchObject({ kind: 'interrupted' });
});
