import { expect, test } from 'vitest';
import { cloneShop, newShop } from './shop.ts';

test('images list tells what is pinned and whether it is here, and images verify whether this machine makes the same', async () => {
  const shop = await newShop();
  const { images } = (await shop.ask('images list payment-service')).json;
  expect(images.map(({ name, isHere, assembled }: Record<string, unknown>) => [name, isHere, assembled])).toEqual([
    ['node', true, true],
    ['terraform', true, true],
  ]);
  const verified = await shop.ask('images verify payment-service');
  expect([verified.code, verified.json.images.every(({ isSame }: { isSame: boolean }) => isSame)]).toEqual([0, true]);
  const clone = cloneShop(shop);
  expect((await clone.run('images list payment-service')).stdout).toMatch(/^terraform .* no$/m);
  const { digest } = images[1];
  shop.commit('deployments/payment-service.lock.yaml', (text) => text.replace(digest, `sha256:${'0'.repeat(64)}`));
  const changed = await shop.run('images verify payment-service');
  expect(changed.code).toBe(1);
  expect(changed.stdout).toMatch(/✖ terraform {2}pinned as 000000000000, but this machine's programs make [0-9a-f]{12}/);
  expect((await shop.run('images list nowhere')).code).toBe(2);
});
