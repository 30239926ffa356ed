import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Descriptor, Registry } from '../../../oci/index.ts';
import { limit } from '../../pace.ts';
import { CREDENTIALS, startTokenRegistry, type TokenRegistry } from './token-registry.ts';

let server: TokenRegistry;
beforeAll(async () => {
  server = await startTokenRegistry();
});
afterAll(() => server.stop());

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'atmos-oci-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

const open = (options: Partial<ConstructorParameters<typeof Registry>[2]> = {}, address = server.address): Registry =>
  new Registry(address, 'tools/one', {
    credentials: async () => CREDENTIALS,
    timeout: limit(5_000),
    blobTimeout: limit(20_000),
    retries: 3,
    ...options,
  });

/** A file of random bytes, in the registry. */
async function given(size: number): Promise<{ readonly descriptor: Descriptor; readonly bytes: Buffer }> {
  const bytes = randomBytes(size);
  const path = join(dir, 'given');
  writeFileSync(path, bytes);
  const descriptor = {
    mediaType: 'application/octet-stream',
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    size,
  };
  await open().putFile(descriptor, path);
  return { descriptor, bytes };
}

test('a registry that wants tokens is given one for what is done there, for reading and for writing', async () => {
  const { descriptor, bytes } = await given(1000);
  expect(Buffer.from(await open().blob(descriptor)).equals(bytes)).toBe(true);
  expect(new Set(server.asked)).toEqual(new Set(['repository:tools/one:pull', 'repository:tools/one:pull,push']));
});

test('whoever is not let in is told so', async () => {
  const { descriptor } = await given(10);
  await expect(open({ credentials: async () => ({ ...CREDENTIALS, password: 'wrong' }) }).blob(descriptor)).rejects.toMatchObject({
    code: 'denied',
  });
  await expect(open({ credentials: async () => undefined }).blob(descriptor)).rejects.toMatchObject({ code: 'denied' });
});

test('a download that breaks off is gone on with from where it was', async () => {
  const { descriptor, bytes } = await given(3_000_000);
  // The first answer says that a token is wanted.
  server.cut([Number.POSITIVE_INFINITY, 1_000_000, 700_000]);
  await open({}, server.line).download(descriptor, join(dir, 'got'));
  expect(readFileSync(join(dir, 'got')).equals(bytes)).toBe(true);
  expect(server.ranges).toHaveLength(2);
  const [first = 0, second = 0] = server.ranges.map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1]));
  // Of what a line had when it broke, some never arrived; what did is not asked for again.
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(first);
});

test('one that breaks off again and again is told', async () => {
  const { descriptor } = await given(3_000_000);
  server.cut([Number.POSITIVE_INFINITY, 1000, 1000, 1000]);
  await expect(open({ retries: 1 }, server.line).download(descriptor, join(dir, 'got'))).rejects.toMatchObject({ code: 'unreachable' });
});

test.each(['download', 'upload'] as const)('an interrupt ends %s at once, however long it may take', async (what) => {
  const { descriptor } = await given(3_000_000);
  const interrupt = new AbortController();
  const one = open({ signal: interrupt.signal, timeout: 60_000, blobTimeout: 60_000 }, server.line);
  server.stall(500_000);
  onTestFinished(() => server.stall(Number.POSITIVE_INFINITY));
  setTimeout(() => interrupt.abort(), 300);
  const other = randomBytes(3_000_000);
  const began = Date.now();
  await expect(what === 'download' ? one.download(descriptor, join(dir, 'got')) : one.putBlob(other)).rejects.toThrow();
  expect(Date.now() - began).toBeGreaterThan(250);
  expect(Date.now() - began).toBeLessThan(5_000);
});
