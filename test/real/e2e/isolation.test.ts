import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, cloneShop, newShop, type Shop } from './shop.ts';
import { asAnother } from './user.ts';

/** The files that a command opened, relative to the shop, as the kernel saw it. */
function opened(shop: Shop, args: readonly string[]): readonly string[] {
  const log = join(shop.dir, '../strace.log');
  execFileSync('strace', ['-f', '-o', log, '-e', 'trace=open,openat,openat2', process.execPath, BIN, ...args], {
    cwd: shop.dir,
    stdio: 'ignore',
  });
  const paths = [...readFileSync(log, 'utf8').matchAll(/open(?:at2?)?\((?:AT_FDCWD, )?"([^"]+)".*= \d+/g)].map(([, path = '']) => path);
  return [...new Set(paths.filter((path) => path.startsWith(`${shop.dir}/`)).map((path) => path.slice(shop.dir.length + 1)))].sort();
}

test('describe opens the declared stacks and what they import, and no other', async () => {
  const shop = await newShop();
  const files = opened(shop, ['describe', 'payment-service', '--target', 'dev']).filter((path) =>
    /^(stacks|deployments)\/.*\.yaml$/.test(path),
  );
  expect(files).toEqual([
    'deployments/payment-service.yaml',
    'stacks/catalog/payment/database.yaml',
    'stacks/catalog/payment/network.yaml',
    'stacks/catalog/payment/service-api.yaml',
    'stacks/orgs/acme/_defaults.yaml',
    'stacks/orgs/acme/dev.yaml',
    'stacks/orgs/acme/payment.yaml',
  ]);
});

test('what is outside of the scope need not even be readable', async () => {
  const clone = cloneShop(await newShop());
  const inScope = new Set(opened(clone, ['describe', 'payment-service', '--target', 'dev']));
  const others = clone
    .git('ls-files')
    .split('\n')
    .filter((path) => !inScope.has(path));
  expect(others).toContain('stacks/orgs/acme/prod.yaml');
  for (const path of others) chmodSync(join(clone.dir, path), 0);
  const said = asAnother(clone, 'describe payment-service --target dev');
  expect([said.status, said.stderr]).toEqual([0, '']);
  expect(asAnother(clone, 'describe payment-service --target prod').status).not.toBe(0);
});

test('another team’s broken stacks do no harm', async () => {
  const shop = await newShop();
  expect(shop.read('stacks/teams/search/broken.yaml')).toContain('components: [');
  for (const verb of ['list', 'validate', 'describe payment-service', 'release payment-service'])
    expect((await shop.run(verb)).code).toBe(0);
});

test('dev and staging planned at once in one clone do not disturb one another, ten times over', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  await shop.run('rollout payment-service --target staging --promote-from dev');
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('replicas: 1', 'replicas: 3').replace('replicas: 2', 'replicas: 5'),
  );
  for (let round = 0; round < 10; round += 1) {
    const [dev, staging] = await Promise.all(
      ['dev', 'staging'].map((target) => shop.ask(`plan payment-service --target ${target} --no-cache`)),
    );
    expect(dev?.json.components['terraform/service-api']).toMatchObject({ create: 2, update: 0, delete: 0 });
    expect(staging?.json.components['terraform/service-api']).toMatchObject({ create: 3, update: 0, delete: 0 });
    expect(dev?.json.components['terraform/network'].changes).toEqual([]);
  }
  expect(shop.git('status', '--porcelain')).toBe('');
});

test('independent components run side by side', async () => {
  const shop = await newShop();
  const names = ['one', 'two', 'three', 'four'];
  for (const name of names) {
    mkdirSync(join(shop.dir, `components/terraform/${name}`));
    const text = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "sleep 5"\n  }\n}\n';
    writeFileSync(join(shop.dir, `components/terraform/${name}/main.tf`), text);
  }
  const components = names.map((name) => `      ${name}:\n`).join('');
  shop.commit('deployments/sleepers.yaml', `deployment:\n  name: sleepers\n  components:\n    terraform:\n${components}`);
  await shop.run('images build sleepers');
  shop.git('add', '--all');
  shop.git('commit', '--quiet', '--message=Pin');
  const began = performance.now();
  const ran = await shop.ask('rollout sleepers');
  const elapsed = (performance.now() - began) / 1000;
  expect(ran.json).toMatchObject({ result: 'deployed' });
  expect(elapsed).toBeGreaterThan(5);
  // One after the other they would take this long if nothing else took any time.
  expect(elapsed).toBeLessThan(5 * names.length);
});

test('the same rollout comes out the same with every runtime', async () => {
  const shop = await newShop();
  const docker = await shop.ask('rollout payment-service --target dev --runtime docker');
  expect(docker.json).toMatchObject({ result: 'deployed' });
  for (const runtime of ['bubblewrap', 'podman']) {
    const other = await shop.ask(`rollout payment-service --target dev --runtime ${runtime} --all`);
    expect(other.json).toMatchObject({ result: 'deployed', release: docker.json.release });
    for (const [address, component] of Object.entries(other.json.components)) {
      expect(component).toMatchObject({ action: address.startsWith('nixpack/') ? 'built' : 'unchanged' });
    }
  }
});

test('Ctrl-C reaches Terraform, which writes its state; the next rollout goes on from there', async () => {
  const shop = await newShop();
  const slow = `
resource "terraform_data" "slow" {
  count = 12
  provisioner "local-exec" {
    command = "sleep 1"
  }
}
`;
  shop.commit('components/terraform/network/main.tf', (text) => `${text}${slow}`);
  const state = join(shop.dir, '.atmos/state/payment-service/dev/terraform/network/workspaces/acme-dev/terraform.tfstate');
  const resources = (): number =>
    JSON.parse(readFileSync(state, 'utf8')).resources.flatMap(({ instances }: { instances: unknown[] }) => instances).length;
  const ran = await shop.ask('rollout payment-service --target dev --runtime bubblewrap --parallelism 1', {
    onStart(child) {
      const timer = setInterval(() => {
        try {
          if (resources() < 2) return;
        } catch {
          return;
        }
        clearInterval(timer);
        child.kill('SIGINT');
      }, 50);
    },
  });
  expect(ran.code).toBe(130);
  expect(ran.json.error.code).toBe('interrupted');
  expect(resources()).toBeGreaterThan(1);
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('failed');
  const again = await shop.ask('rollout payment-service --target dev');
  expect(again.json).toMatchObject({ result: 'deployed' });
  expect(resources()).toBe(2 + 12);
});
