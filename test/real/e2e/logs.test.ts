import { expect, test } from 'vitest';
import { newShop } from './shop.ts';

const FILE = 'components/terraform/network/main.tf';

test('what runs printed and why their nodes ran can be asked later, wherever the flags of the command stood', async () => {
  const shop = await newShop();
  expect((await shop.run('logs')).stdout).toBe('no run is on record yet\n');
  await shop.run('--quiet plan payment-service --target dev');
  shop.commit(FILE, (text) => `${text}\n# one more line\n`);
  await shop.run('plan --verbose payment-service --target=dev');
  const { runs } = (await shop.ask('logs')).json;
  expect(runs.map(({ deployment, target }: Record<string, unknown>) => [deployment, target])).toEqual([
    ['payment-service', 'dev'],
    ['payment-service', 'dev'],
  ]);
  const why = await shop.ask('explain terraform/network/init');
  expect(why.json).toMatchObject({
    ran: 'not-in-cache',
    run: { run: runs[0].run },
    comparedWith: { run: runs[1].run },
    differences: [{ part: 'inputs /source', files: ['main.tf'] }],
  });
  expect((await shop.run('logs last terraform/network/init')).stdout).toContain('Terraform has been successfully initialized!');
  expect((await shop.run(`logs ${runs[1].run} nothing`)).code).toBe(2);
  const lines = (await shop.run('--log-format json plan payment-service --target dev')).stderr.trimEnd().split('\n');
  expect(new Set(lines.map((line) => JSON.parse(line).type))).toEqual(new Set(['queued', 'cached', 'started', 'output', 'finished']));
});
