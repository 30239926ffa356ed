import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgeRelease } from './forge.ts';
import { cloneShop, newShop, temporary } from './shop.ts';
import { asAnother } from './user.ts';

test('every release is made again, byte for byte, in a clone whose branch has moved on', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  await shop.run('rollout payment-service --target staging --promote-from dev');
  shop.commit('components/terraform/network/main.tf', (text) => `${text}\n# moved on\n`);
  shop.git('push', '--quiet', 'origin', 'main');
  const clone = cloneShop(shop);
  const { releases } = (await clone.ask('releases')).json;
  expect(releases).toHaveLength(2);
  for (const { id } of releases) {
    const again = await clone.ask(`reproduce ${id}`, { env: { TZ: 'Asia/Tokyo' } });
    expect(again.code).toBe(0);
    expect(again.json).toMatchObject({ components: 4, differences: [] });
  }
  const compared = await clone.ask('diff payment-service dev HEAD');
  expect(compared.json.differences).toMatchObject([{ component: 'terraform/network', what: 'source/main.tf' }]);
});

test('another user, with another umask and path, time zone and language, makes every release the same', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  await shop.run('rollout payment-service --target staging --promote-from dev');
  const clone = cloneShop(shop);
  const { releases } = (await shop.ask('releases')).json;
  expect(releases).toHaveLength(2);
  for (const { id, digest } of releases) {
    const said = asAnother(clone, `--format json reproduce ${id}`);
    expect([said.status, said.stderr]).toEqual([0, expect.not.stringContaining('✖')]);
    expect(JSON.parse(said.stdout)).toMatchObject({ release: digest, made: digest, differences: [] });
  }
});

test('where a byte of a source or of a pin is another one, reproduce names the file and fails', async () => {
  const shop = await newShop();
  const commit = shop.git('rev-parse', 'HEAD');
  shop.commit('components/terraform/network/main.tf', (text) => `${text} `);
  const { json } = await shop.ask('release payment-service --target dev');
  // Made by hand: it says that it is of the commit before, and has one more byte.
  const forged = forgeRelease(shop, json.digest, (config) => Object.assign(config, { commit }));
  const changed = await shop.ask(`reproduce ${forged.slice('sha256:'.length)}`);
  expect(changed.code).toBe(1);
  expect(changed.json.differences).toMatchObject([{ component: 'terraform/network', what: 'source/main.tf' }]);
});

test('what a command printed belongs to a release, is asked for anew each time, and is named where it is why a release is another one now', async () => {
  const shop = await newShop();
  const answer = join(temporary(), 'answer');
  writeFileSync(answer, 'one');
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('      network:\n', `      network: { settings: {}, vars: { tags: { answer: !exec cat ${answer} } } }\n`),
  );
  const first = await shop.ask('rollout payment-service --target dev');
  expect(first.json).toMatchObject({ result: 'deployed' });
  const id = first.json.release.slice(7, 19);
  expect((await shop.ask(`reproduce ${id}`)).code).toBe(0);
  writeFileSync(answer, 'two');
  const second = await shop.ask('rollout payment-service --target dev');
  expect(second.json.components['terraform/network'].action).toBe('applied');
  const again = await shop.run(`reproduce ${id}`);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`!exec cat ${answer}`)]);
});
