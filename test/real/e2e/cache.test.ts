import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newShop } from './shop.ts';

test('a cache that was pruned of all that can be dropped costs time and nothing else', async () => {
  const shop = await newShop();
  const first = await shop.ask('rollout payment-service --target dev');
  const before = (await shop.ask('cache stats')).json;
  const pruned = await shop.ask('cache prune --older-than 0m');
  expect(pruned.code).toBe(0);
  expect(pruned.json.freed).toBeGreaterThan(0);
  const after = (await shop.ask('cache stats')).json;
  // The pinned images stay.
  expect(after.results.count).toBeGreaterThan(0);
  expect(after.bytes).toBeLessThan(before.bytes);
  expect((await shop.ask('rollout payment-service --target dev')).json).toMatchObject({ result: 'up-to-date' });
  expect((await shop.ask(`reproduce ${first.json.release.slice(7, 19)}`)).json).toMatchObject({ differences: [] });
  expect((await shop.ask('verify payment-service --target dev')).code).toBe(0);
  await shop.ask('cache prune --max-size 1MB');
  expect((await shop.ask('rollout payment-service --target staging --promote-from dev')).json).toMatchObject({ result: 'deployed' });
});

test('damaged files of the cache are named, dropped, and made again', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  expect((await shop.ask('cache verify')).json).toMatchObject({ damaged: [] });
  const objects = join(shop.dir, '.atmos/cache/objects');
  const [first = ''] = readdirSync(objects);
  const [name = ''] = readdirSync(join(objects, first));
  // A file of its own: the others of this test run share theirs.
  rmSync(join(objects, first, name));
  writeFileSync(join(objects, first, name), 'damaged');
  const verified = await shop.ask('cache verify');
  expect(verified.code).toBe(1);
  expect(verified.json.damaged).toContain(`objects/${first}/${name}`);
  expect((await shop.ask('cache verify')).code).toBe(0);
  expect((await shop.ask('rollout payment-service --target dev --all --no-cache')).code).toBe(0);
});

test('nothing is pruned while a killed command may have left something that runs, or with an age that is none', async () => {
  const shop = await newShop();
  mkdirSync(join(shop.dir, '.atmos/runs/payment-service~dev~terraform~network~apply~0123456789ab'), { recursive: true });
  expect(await shop.ask('cache prune')).toMatchObject({ code: 3, json: { error: { code: 'cache-in-use' } } });
  expect(await shop.ask('cache prune --older-than soon')).toMatchObject({ code: 2, json: { error: { code: 'usage' } } });
});
