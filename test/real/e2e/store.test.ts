import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Redis, startRedis } from './redis.ts';
import { newApp, newShop, type Shop } from './shop.ts';

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

const HOOKED = (reader: string, name = '"{{ .vars.name }}"'): string => `components:
  terraform:
    net:
      vars: { name: one }
      hooks:
        keep: { events: [after-terraform-apply], command: store, name: shared, outputs: { id: .id, list: .list, of: ${name} } }
    app: { vars: { id: ${reader} } }
`;

function hooked(): Shop {
  return newApp({
    'atmos.yaml': `stacks: { name_template: dev }
templates: { settings: { enabled: true } }
stores: { shared: { type: redis, options: { prefix: h } } }
`,
    'components/terraform/net/main.tf': `variable "name" {}
resource "terraform_data" "x" { input = var.name }
output "id" { value = "\${terraform_data.x.output}-id" }
output "list" { value = [1, 12345678901234567890] }
`,
    'components/terraform/app/main.tf':
      'variable "id" {}\nresource "terraform_data" "x" { input = var.id }\noutput "id" { value = var.id }\n',
    'stacks/top.yaml': HOOKED('!store shared net id'),
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { net: , app: } }, targets: { dev: } }\n',
  });
}

test('after an apply a hook puts outputs into a store, and who reads them there has what it put there', async () => {
  const app = hooked();
  redis.ask('flushall');
  const ran = await app.ask('rollout app --target dev', { env: env() });
  expect(ran).toMatchObject({ code: 0, json: { result: 'deployed' } });
  expect(redis.ask('get', 'h/dev/net/id')).toBe('"one-id"');
  expect(redis.ask('get', 'h/dev/net/list')).toBe('[1,12345678901234567890]');
  expect(redis.ask('get', 'h/dev/net/of')).toBe('"one"');
  const { json: verified } = await app.ask('verify app --target dev', { env: env() });
  expect(verified.error).toBeUndefined();
  app.commit('stacks/top.yaml', (text) => text.replace('name: one', 'name: two'));
  const planned = await app.ask('plan app --target dev', { env: env() });
  expect(planned.json.unknown).toEqual({ 'terraform/app': ['terraform/net'] });
  expect(await app.ask('rollout app --target dev', { env: env() })).toMatchObject({ code: 0 });
  expect(redis.ask('get', 'h/dev/net/id')).toBe('"two-id"');
  // What is up to date runs no hook.
  redis.ask('flushall');
  expect(await app.ask('rollout app --target dev', { env: env() })).toMatchObject({ code: 0 });
  expect(redis.ask('get', 'h/dev/net/id')).toBe('');
  // The hook is what the release says: it goes with a change of its own.
  app.commit('stacks/top.yaml', () => HOOKED('!store shared net id', 'else').replace('name: one', 'name: two'));
  expect(await app.ask('rollout app --target dev', { env: env() })).toMatchObject({ code: 0 });
  expect(redis.ask('get', 'h/dev/net/of')).toBe('"else"');
});

test('where a store does not take it, the component counts as failed, what depends on it waits, and the next rollout does it', async () => {
  const app = hooked();
  redis.ask('flushall');
  const nobody = { ATMOS_REDIS_URL: 'redis://:hidden@127.0.0.1:1' };
  const failed = await app.run('rollout app --target dev', { env: nobody });
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringContaining('the component is applied, but its hook "keep" failed: store "shared" does not answer'),
  ]);
  expect(failed.stdout + failed.stderr).not.toContain('hidden');
  expect((await app.ask('status app')).json.targets[0].components['terraform/net']).toMatchObject({ status: 'failed' });
  const again = await app.ask('rollout app --target dev', { env: env() });
  expect(again).toMatchObject({
    code: 0,
    json: { components: { 'terraform/net': { action: 'unchanged' }, 'terraform/app': { action: 'applied' } } },
  });
  expect(redis.ask('get', 'h/dev/net/id')).toBe('"one-id"');
});
