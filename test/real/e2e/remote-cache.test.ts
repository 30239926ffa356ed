import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from './ports.ts';
import { type RealRegistry, startRegistry } from './registry.ts';
import { type Answer, cloneShop, newShop, type Shop } from './shop.ts';

let registry: RealRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

async function shopWithCache(remote: string, more = ''): Promise<Shop> {
  const shop = await newShop();
  shop.commit('atmos.yaml', (text) =>
    text.replace('cache: { dir: .atmos/cache }', `cache: { dir: .atmos/cache, remote: "${remote}"${more} }`),
  );
  shop.git('push', '--quiet', 'origin', 'main');
  return shop;
}

/** Another clone, whose cache has the images and nothing else: what its nodes need was made here, or is made there. */
function freshMachine(shop: Shop): Shop {
  return cloneShop(shop);
}

const BUILD = 'build payment-service --target dev --verbose';
const RELEASE = 'release payment-service --target dev --verbose';

test('a machine with an empty cache takes what another one made, and starts no container', async () => {
  const { env } = registry;
  const shop = await shopWithCache(`oci://${registry.secure}/cache/one`);
  const first = await shop.ask(RELEASE, { env });
  expect(first.stderr).toContain('containers: ');
  const second = await freshMachine(shop).ask(RELEASE, { env });
  expect(second.json.digest).toBe(first.json.digest);
  expect(second.stderr).not.toContain('containers: ');
  expect(second.stderr).not.toContain('warning');
  expect(`${first.stderr}${second.stderr}`).not.toContain(registry.password);
});

test('in read-only mode nothing is given, and what is there is taken', async () => {
  const { env } = registry;
  const shop = await shopWithCache(`oci://${registry.secure}/cache/reader`);
  await shop.run(BUILD, { env: { ...env, ATMOS_DEPLOYMENT_CACHE_MODE: 'read-only' } });
  expect((await freshMachine(shop).run(BUILD, { env })).stderr).toContain('containers: ');
  const taken = await freshMachine(shop).run(BUILD, { env: { ...env, ATMOS_DEPLOYMENT_CACHE_MODE: 'read-only' } });
  expect(taken.stderr).not.toContain('containers: ');
});

test('results that are to be signed count only with the right signature', async () => {
  const { env } = registry;
  const shop = await shopWithCache(`oci://${registry.secure}/cache/signed`, ', signing_key: CACHE_KEY');
  expect((await shop.ask(BUILD, { env })).json.error).toMatchObject({
    code: 'remote-cache',
    message: expect.stringContaining('CACHE_KEY'),
  });
  await shop.run(BUILD, { env: { ...env, CACHE_KEY: 'one' } });
  expect((await freshMachine(shop).run(BUILD, { env: { ...env, CACHE_KEY: 'one' } })).stderr).not.toContain('containers: ');
  const other = await freshMachine(shop).run(BUILD, { env: { ...env, CACHE_KEY: 'two' } });
  expect(other.code).toBe(0);
  expect(other.stderr).toContain('it is not signed with CACHE_KEY');
  expect(other.stderr).toContain('containers: ');
});

test('a blob that was damaged is not used: the node runs instead', async () => {
  const { env } = registry;
  const shop = await shopWithCache(`oci://${registry.secure}/cache/damaged`);
  const first = await shop.ask(RELEASE, { env });
  for (const file of blobs()) {
    const bytes = readFileSync(file);
    // Those of results alone: manifests are JSON.
    if (bytes[0] !== 0x1f) continue;
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  const second = await freshMachine(shop).ask(RELEASE, { env });
  expect(second.json.digest).toBe(first.json.digest);
  expect(second.stderr).toContain("a result in the remote cache can't be used");
  for (const file of blobs()) if (readFileSync(file)[0] === 0x1f) rmSync(file);
});

function blobs(): readonly string[] {
  const dir = registry.blob('').replace(/\/[^/]*\/?[^/]*\/data$/, '');
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A registry that answers as the test says, and counts how often it was asked. */
async function wrongRegistry(answer: (server: Server) => void): Promise<{ place: string; asked: () => number }> {
  let asked = 0;
  const server = createServer();
  server.on('request', () => {
    asked += 1;
  });
  answer(server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { place: `127.0.0.1:${port}`, asked: () => asked };
}

const told = (answer: Answer): string =>
  answer.stderr
    .split('\n')
    .filter((line) => line.includes('remote cache'))
    .join('\n');

test.each([
  ['is not there', async () => ({ place: '127.0.0.1:1', asked: () => 0 })],
  ['breaks off', () => wrongRegistry((server) => server.on('request', ({ socket }) => socket.destroy()))],
  [
    'is full',
    () => wrongRegistry((server) => server.on('request', ({ method }, response) => response.writeHead(method === 'GET' ? 404 : 507).end())),
  ],
  ['says nothing', () => wrongRegistry((server) => server.on('request', () => undefined))],
  ['talks nonsense', () => wrongRegistry((server) => server.on('request', (_, response) => response.writeHead(200).end('nonsense')))],
  ['lets nobody in', () => wrongRegistry((server) => server.on('request', (_, response) => response.writeHead(403).end()))],
])('a registry that %s is told once, and fails nothing', async (_, start) => {
  const { place, asked } = await start();
  const shop = await shopWithCache(`oci://${place}/cache`);
  const ran = await shop.run(RELEASE, {});
  expect(ran.code).toBe(0);
  expect(told(ran)).not.toBe('');
  expect(told(ran).split('\n').length).toBeLessThanOrEqual(8);
  expect(asked()).toBeLessThan(60);
});

test('a place that is none is refused', async () => {
  const shop = await shopWithCache('https://registry.example.com/cache');
  expect((await shop.ask(BUILD)).json.error).toMatchObject({ code: 'remote-cache', hint: expect.stringContaining('oci://') });
});
