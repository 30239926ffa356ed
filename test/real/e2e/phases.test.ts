import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneShop, newShop, temporary } from './shop.ts';

test('build makes the image, and the one that dev was built with is, by digest, the one that Terraform gets in prod', async () => {
  const shop = await newShop();
  const built = (await shop.ask('build payment-service')).json.images['nixpack/api'];
  await shop.run('rollout payment-service --target dev');
  await shop.run('rollout payment-service --target staging --promote-from dev');
  const waiting = await shop.run('rollout payment-service --target prod --promote-from staging');
  const id = /--release ([0-9a-f]{12})/.exec(waiting.stderr)?.[1];
  await shop.run(`approve payment-service --target prod --release ${id}`, {
    env: { GIT_AUTHOR_NAME: 'Ravi', GIT_AUTHOR_EMAIL: 'ravi@example.com' },
  });
  expect((await shop.run('rollout payment-service --target prod --promote-from staging')).code).toBe(0);
  const state = readFileSync(
    join(shop.dir, '.atmos/state/payment-service/prod/terraform/service-api/workspaces/acme-prod/terraform.tfstate'),
    'utf8',
  );
  expect(JSON.parse(state).outputs.image.value).toBe(`registry.example.com/payment-api@${built}`);
});

test('test runs what comes with each kind and the user’s own, collects JUnit, and takes from the cache what did not change', async () => {
  const shop = await newShop();
  const first = await shop.ask('test payment-service');
  expect(first.code).toBe(0);
  expect(first.json.reports).toEqual([
    {
      node: 'nixpack/api/unit',
      files: { junit: '.atmos/reports/payment-service/dev/nixpack/api/unit/reports/junit.xml' },
      tests: { passed: 8, failed: 0, skipped: 0 },
    },
  ]);
  expect(shop.read('.atmos/reports/payment-service/dev/nixpack/api/unit/reports/junit.xml')).toContain('<testcase');
  const second = await shop.ask('test payment-service');
  const statuses = Object.entries<{ status: string }>(second.json.nodes).map(([id, { status }]) => [id, status]);
  expect(statuses.filter(([, status]) => status !== 'cached')).toEqual([]);
  writeFileSync(
    join(shop.dir, 'services/api/src/payments.js'),
    shop.read('services/api/src/payments.js').replace("state: 'taken'", "state: 'lost'"),
  );
  const broken = await shop.run('test payment-service --component api');
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain('7 passed, 1 failed');
  writeFileSync(
    join(shop.dir, 'components/terraform/network/outputs.tf'),
    `${shop.read('components/terraform/network/outputs.tf')}\noutput "unformatted" {\nvalue=1\n}\n`,
  );
  const unformatted = await shop.ask('test payment-service --component network');
  expect(unformatted.code).toBe(1);
  expect(unformatted.json.error.message).toContain('terraform/network/fmt');
});

test('a node of the user’s own is ended after the time that it is given, and tried as often as it says', async () => {
  const shop = await newShop();
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('    verify:\n', '      - { name: endless, image: node, run: sleep 60, timeout: 1s, retries: 1 }\n    verify:\n'),
  );
  const ran = await shop.run('test payment-service');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/endless +attempt 1 failed: timed out after 1 s/);
  expect(ran.stderr).toContain('checks/endless: timed out after 1 s');
  shop.commit('deployments/payment-service.yaml', (text) => text.replace('timeout: 1s', 'timeout: soon'));
  expect(await shop.run('validate payment-service')).toMatchObject({ code: 2 });
});

test('verify passes on what was deployed, and tells drift', async () => {
  const shop = await newShop();
  const none = await shop.ask('verify payment-service --target dev');
  expect([none.code, none.json.error.code]).toEqual([3, 'nothing-deployed']);
  await shop.run('rollout payment-service --target dev');
  const fine = await shop.ask('verify payment-service --target dev');
  expect(fine.json).toMatchObject({ drift: {} });
  expect(fine.json.nodes['checks/answers'].status).toBe('done');
  const file = join(shop.dir, '.atmos/state/payment-service/dev/terraform/network/workspaces/acme-dev/terraform.tfstate');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  state.resources = state.resources.filter(({ name }: { name: string }) => name !== 'subnet');
  state.serial += 1;
  writeFileSync(file, JSON.stringify(state));
  const drifted = await shop.ask('verify payment-service --target dev');
  expect(drifted.code).toBe(1);
  expect(drifted.json.error).toMatchObject({ code: 'drift', message: 'drift detected in dev: terraform/network' });
});

test('destroy asks first, destroys in reverse order, and is recorded', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  const unasked = await shop.ask('destroy payment-service --target dev');
  expect([unasked.code, unasked.json.error.code]).toEqual([3, 'not-confirmed']);
  const gone = await shop.ask('destroy payment-service --target dev --yes');
  expect(gone.json).toMatchObject({ kind: 'destroy', result: 'destroyed' });
  const order = [...gone.stderr.matchAll(/terraform\/(\S+)\s+destroy /g)].map(([, name]) => name);
  expect(order).toEqual(['service-api', 'database', 'network']);
  const { json } = await shop.ask('status payment-service');
  expect(json.targets[0]).toMatchObject({ state: 'destroyed', release: null, components: {} });
  expect(shop.git('for-each-ref', 'refs/atmos/deployments')).toBe('');
  const again = await shop.ask('rollout payment-service --target dev');
  expect(again.json).toMatchObject({ result: 'deployed' });
  expect(again.json.components['terraform/network'].changes.create).toBe(2);
});

test('a dry run says what would be run, and neither runs nor records it', async () => {
  const shop = await newShop();
  const dry = await shop.ask('rollout payment-service --target dev --dry-run');
  expect(dry.json.result).toBe('planned');
  expect(Object.values<{ action: string }>(dry.json.components).map(({ action }) => action)).toEqual([
    'planned',
    'planned',
    'planned',
    'planned',
  ]);
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('never');
  const nodes = (await shop.ask('test payment-service --component api --dry-run')).json.nodes;
  expect(Object.keys(nodes).sort()).toEqual(['nixpack/api/build', 'nixpack/api/image', 'nixpack/api/unit']);
});

test('one component alone is rolled out, and the target then says that it runs in part', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  shop.commit('deployments/payment-service.yaml', (text) => text.replace('replicas: 1', 'replicas: 3'));
  shop.commit('stacks/catalog/payment/database.yaml', (text) => text.replace('storage_gb: 20', 'storage_gb: 30'));
  const ran = await shop.ask('rollout payment-service --target dev --component service-api');
  const actions = Object.fromEntries(
    Object.entries<{ action: string }>(ran.json.components).map(([address, { action }]) => [address, action]),
  );
  expect(actions).toMatchObject({ 'terraform/service-api': 'applied', 'terraform/database': 'skipped', 'terraform/network': 'up-to-date' });
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('partial');
  const rest = await shop.ask('rollout payment-service --target dev');
  expect(rest.json.components['terraform/database'].action).toBe('applied');
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('deployed');
});

test('a release is exported as plain files, whole or not at all', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  const dir = join(temporary(), 'exported');
  expect((await shop.run(`release export ${json.id} ${dir}`)).code).toBe(0);
  expect(JSON.parse(readFileSync(join(dir, 'components/terraform/network/terraform.tfvars.json'), 'utf8'))).toMatchObject({
    cidr: '10.10.0.0/16',
  });
  expect(readFileSync(join(dir, 'components/terraform/database/.terraform.lock.hcl'), 'utf8')).toContain('h1:');
  expect(readFileSync(join(dir, 'metadata.yaml'), 'utf8')).toContain(`release: ${json.digest}`);
  expect((await shop.ask(`release export ${json.id} ${dir}`)).json.error.code).toBe('target-exists');
});

test('a release is rolled out from a shallow clone', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  shop.commit('README.md', 'moved on\n');
  shop.git('push', '--quiet', 'origin', 'main');
  const clone = cloneShop(shop, ['--depth', '1']);
  expect(clone.git('rev-list', '--count', 'HEAD')).toBe('1');
  const ran = await clone.ask(`rollout payment-service --target dev --release ${json.id}`);
  expect(ran.json).toMatchObject({ result: 'deployed', release: json.digest });
});
