import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp } from './shop.ts';

test('two deployments of one name in one repository don’t share a ledger', async () => {
  const files = {
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev:, prod: }\n',
  };
  const below = Object.fromEntries(
    Object.entries({ 'atmos.yaml': 'base_path: ""\n', ...files }).map(([path, text]) => [`sub/${path}`, text]),
  );
  const app = newApp({ ...files, ...below });
  cpSync(join(app.dir, 'deployments/app.lock.yaml'), join(app.dir, 'sub/deployments/app.lock.yaml'));
  cpSync(join(app.dir, '.atmos'), join(app.dir, 'sub/.atmos'), { recursive: true });
  app.commit('README.md', 'two\n');
  app.git('push', '--quiet', 'origin', 'HEAD:main');
  expect((await app.run('rollout app --target dev')).code).toBe(0);
  const sub = { cwd: join(app.dir, 'sub') };
  for (const verb of ['plan', 'rollout', 'destroy --yes', 'status', 'verify']) {
    const target = verb === 'status' ? '' : ' --target dev';
    const refused = await app.ask(`${verb} app${target}`, sub);
    expect(refused).toMatchObject({ code: 3, json: { error: { code: 'other-owner' } } });
  }
  // A target that never ran is the first one's, too.
  const unused = await app.ask('rollout app --target prod', sub);
  expect(unused).toMatchObject({ code: 3, json: { error: { code: 'other-owner' } } });
  expect((await app.run('verify app --target dev')).code).toBe(0);
  expect((await app.run('destroy app --target dev --yes')).code).toBe(0);
});
