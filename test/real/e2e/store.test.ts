import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Redis, startRedis } from './redis.ts';
import { newShop, type Shop } from './shop.ts';

const PASSWORD = 'redis-pl4nted-passw0rd';
let redis: Redis;
beforeAll(async () => {
  redis = await startRedis(PASSWORD);
});
afterAll(() => redis.stop());

/** The example, whose network takes its range and its zones from a store. */
async function shopWithStore(): Promise<Shop> {
  const shop = await newShop();
  shop.commit('atmos.yaml', (text) => `${text}\nstores:\n  shared: { type: redis, options: { prefix: acme, stack_delimiter: "-" } }\n`);
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace(
      '      network:\n',
      '      network:\n        vars:\n          name: !store shared platform name\n          cidr: !store.get shared ranges | query .dev | default 10.9.0.0/16\n',
    ),
  );
  return shop;
}

const env = (): Readonly<Record<string, string>> => ({ ATMOS_REDIS_URL: redis.url });

test('values of a store reach the plan as they are when it is made, and the release holds but where they come from', async () => {
  const shop = await shopWithStore();
  redis.ask('set', 'acme/acme/dev/platform/name', '"first"');
  redis.ask('set', 'acme:ranges', '{"dev":"10.7.0.0/16"}');
  const ran = await shop.ask('rollout payment-service --target dev', { env: env() });
  expect(ran.json).toMatchObject({ result: 'deployed' });
  const state = shop.read('.atmos/state/payment-service/dev/terraform/network/workspaces/acme-dev/terraform.tfstate');
  expect(state).toContain('first');
  expect(state).toContain('10.7.');
  redis.ask('set', 'acme/acme/dev/platform/name', '"second"');
  const planned = await shop.ask('plan payment-service --target dev', { env: env() });
  expect(planned.json.components['terraform/network']).toMatchObject({ create: 0, update: 1, delete: 0 });
  const release = await shop.ask('release payment-service --target dev');
  expect(release.json.digest).toBe(ran.json.release);
  const files = readdirSync(join(shop.dir, '.atmos'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = (text: string) => files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));
  expect(holding(PASSWORD)).toEqual([]);
  expect(holding('10.7.0.0/16').every(({ parentPath }) => parentPath.includes('/state/'))).toBe(true);
});

test('a key that is missing and a store that does not answer are told, and neither shows where it is', async () => {
  const shop = await shopWithStore();
  redis.ask('flushall');
  const missing = await shop.ask('rollout payment-service --target dev', { env: env() });
  expect(missing.code).toBe(1);
  expect(missing.stderr + missing.stdout).toContain('store "shared" has no key "acme/acme/dev/platform/name"');
  const nobody = await shop.ask('rollout payment-service --target dev', { env: { ATMOS_REDIS_URL: 'redis://:hidden@127.0.0.1:1' } });
  expect(nobody.code).toBe(4);
  expect(nobody.json.error).toMatchObject({ code: 'store-unreachable' });
  expect(nobody.stdout + nobody.stderr).not.toContain('hidden');
  const nowhere = await shop.ask('plan payment-service --target dev', { env: { ATMOS_REDIS_URL: '' } });
  expect(nowhere.json.error).toMatchObject({ code: 'store-unreachable', hint: expect.stringContaining('ATMOS_REDIS_URL') });
});
