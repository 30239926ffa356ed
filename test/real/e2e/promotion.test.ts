import { expect, test } from 'vitest';
import { cloneShop, newShop } from './shop.ts';

const RAVI = { GIT_AUTHOR_NAME: 'Ravi', GIT_AUTHOR_EMAIL: 'ravi@example.com' };

test('an application goes from dev over staging to prod, and prod waits for somebody else’s approval', async () => {
  const shop = await newShop();

  const early = await shop.run('rollout payment-service --target prod');
  expect(early.code).toBe(3);
  expect(early.stderr).toContain('First:  atmos-deployment rollout payment-service --target staging --promote-from dev');

  const dev = await shop.ask('rollout payment-service --target dev');
  expect(dev.stderr).not.toContain('✖');
  expect(dev.json).toMatchObject({ kind: 'rollout', result: 'deployed', promotedFrom: null, by: { email: 'ana@example.com' } });
  expect(dev.json.components['terraform/network']).toMatchObject({ action: 'applied', changes: { create: 2, update: 0, delete: 0 } });

  const staging = await shop.ask('rollout payment-service --target staging --promote-from dev');
  expect(staging.json).toMatchObject({ kind: 'promotion', result: 'deployed', promotedFrom: { target: 'dev', release: dev.json.release } });
  const [first, second] = await Promise.all([dev, staging].map(({ json }) => shop.ask(`release show ${json.release}`)));
  for (const [address, component] of Object.entries<{ source: string; artifact: string; layer: string }>(first?.json.components)) {
    const promoted = second?.json.components[address];
    expect([promoted.source, promoted.artifact]).toEqual([component.source, component.artifact]);
    // What is a target's own is in the layer of a Terraform component; an image is the same everywhere.
    expect(promoted.layer === component.layer).toBe(address.startsWith('nixpack/'));
  }

  const waiting = await shop.run('rollout payment-service --target prod --promote-from staging');
  expect(waiting.code).toBe(3);
  const id = /--release ([0-9a-f]{12})/.exec(waiting.stderr)?.[1];
  expect((await shop.run(`approve payment-service --target prod --release ${id}`)).code).toBe(0);
  const own = await shop.run('rollout payment-service --target prod --promote-from staging');
  expect(own.code).toBe(3);
  expect(own.stderr).toContain('your own approval does not count');

  const elsewhere = cloneShop(shop);
  expect((await elsewhere.run(`approve payment-service --target prod --release ${id}`, { env: RAVI })).code).toBe(0);
  const prod = await shop.ask('rollout payment-service --target prod --promote-from staging');
  expect(prod.code).toBe(0);
  expect(prod.json.release).toMatch(new RegExp(`^sha256:${id}`));

  const { records } = (await elsewhere.ask('history payment-service --target prod')).json;
  expect(records.map(({ kind }: { kind: string }) => kind)).toEqual(['promotion', 'approval', 'approval']);
});

test('a target that only accepts what another runs refuses what did not run there', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  shop.commit('components/terraform/network/main.tf', (before) => `${before}\n# untested\n`);
  const refused = await shop.run('rollout payment-service --target staging');
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('dev never ran this');
  expect(refused.stderr).toContain('--promote-from dev');
  const skipping = await shop.run('rollout payment-service --target prod --promote-from dev');
  expect(skipping.code).toBe(3);
  expect(skipping.stderr).toContain('allowed sources: staging');
});

test('a plan says why its rollout would be refused', async () => {
  const shop = await newShop();
  const prod = await shop.ask('plan payment-service --target prod');
  expect([prod.code, prod.json.refused]).toEqual([
    0,
    { code: 'not-promoted', message: expect.stringContaining('prod only accepts releases') },
  ]);
  expect((await shop.run('plan payment-service --target prod')).stdout).toContain(
    '! a rollout would be refused: prod only accepts releases',
  );
  expect((await shop.ask('plan payment-service --target dev')).json.refused).toBeNull();
});

test('status says in its public form what runs where, since when and by whom, and the ledger reads well in git log', async () => {
  const shop = await newShop();
  const { json: record } = await shop.ask('rollout payment-service --target dev');
  const { json } = await cloneShop(shop).ask('status payment-service');
  const commit = shop.git('rev-parse', 'HEAD');
  const by = { name: 'Ana', email: 'ana@example.com' };
  expect(json.deployment).toBe('payment-service');
  expect(json.targets.map(({ target, state }: { target: string; state: string }) => `${target} ${state}`)).toEqual([
    'dev deployed',
    'staging never',
    'prod never',
  ]);
  expect(json.targets[0]).toMatchObject({ release: record.release, commit, by, at: record.at });
  expect(Object.keys(json.targets[0].components)).toEqual([
    'nixpack/api',
    'terraform/database',
    'terraform/network',
    'terraform/service-api',
  ]);
  for (const component of Object.values(json.targets[0].components))
    expect(component).toMatchObject({ release: record.release, commit, by, at: record.at });
  const log = shop.git('log', '-1', '--format=%an: %B', 'refs/atmos/ledger/payment-service/dev');
  expect(log).toMatch(
    /^Ana: rollout [0-9a-f]{12}: deployed\n\nnixpack\/api: built\nterraform\/database: applied \+3\nterraform\/network: applied \+2\nterraform\/service-api: applied \+2\n/,
  );
  expect(log).toContain(`Source-Commit: ${commit}`);
});

test('rolling out a commit again starts no container, and needs no runtime', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  const again = await shop.run('rollout payment-service --target dev', {
    env: { PATH: '/usr/bin/nowhere:/tmp/only-git', DOCKER_HOST: 'tcp://127.0.0.1:1' },
  });
  expect(again.stderr).toContain('there is no git command');
  const { mkdirSync, symlinkSync } = await import('node:fs');
  const bin = `${shop.dir}/../bin`;
  mkdirSync(bin);
  symlinkSync('/usr/bin/git', `${bin}/git`);
  const without = await shop.run('rollout payment-service --target dev', { env: { PATH: bin, DOCKER_HOST: 'tcp://127.0.0.1:1' } });
  expect(without.code).toBe(0);
  expect(without.stdout).toMatch(/nothing to do, all 4 components run release [0-9a-f]{12} \(\d\.\d\d s, no container started\)/);
});

test('what did not change is left alone: cost follows the change', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  shop.commit('deployments/payment-service.yaml', (before) => before.replace('replicas: 1', 'replicas: 2'));
  const { json } = await shop.ask('rollout payment-service --target dev');
  const actions = Object.fromEntries(Object.entries<{ action: string }>(json.components).map(([address, { action }]) => [address, action]));
  expect(actions).toEqual({
    'nixpack/api': 'up-to-date',
    'terraform/database': 'up-to-date',
    'terraform/network': 'up-to-date',
    'terraform/service-api': 'applied',
  });
  expect(json.components['terraform/service-api'].changes).toEqual({ create: 1, update: 0, delete: 0 });
});

test('an earlier release is rolled back to by its name', async () => {
  const shop = await newShop();
  const { json: first } = await shop.ask('rollout payment-service --target dev');
  shop.commit('deployments/payment-service.yaml', (before) => before.replace('replicas: 1', 'replicas: 3'));
  await shop.run('rollout payment-service --target dev');
  const back = await shop.ask(`rollout payment-service --target dev --release ${first.release.slice(7, 19)}`);
  expect(back.json).toMatchObject({ kind: 'rollback', release: first.release, result: 'deployed' });
  expect(back.json.components['terraform/service-api'].changes).toEqual({ create: 0, update: 0, delete: 2 });
  const { json } = await shop.ask('status payment-service');
  expect(json.targets[0].release).toBe(first.release);
});

test('a release that is named and never ran is rolled out, and not back', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  shop.commit('deployments/payment-service.yaml', (before) => before.replace('replicas: 1', 'replicas: 3'));
  const { json: made } = await shop.ask('release payment-service --target dev');
  const forth = await shop.ask(`rollout payment-service --target dev --release ${made.digest}`);
  expect(forth.json).toMatchObject({ kind: 'rollout', release: made.digest, result: 'deployed' });
});

test('uncommitted changes in scope are refused, unless they are allowed: then they are recorded as such', async () => {
  const shop = await newShop();
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${shop.dir}/unrelated.txt`, 'out of scope');
  writeFileSync(
    `${shop.dir}/components/terraform/network/main.tf`,
    `${shop.read('components/terraform/network/main.tf')}\n# not committed\n`,
  );
  const refused = await shop.ask('rollout payment-service --target dev');
  expect(refused.code).toBe(3);
  expect(refused.json.error).toMatchObject({ code: 'dirty-tree' });
  expect(refused.json.error.message).toContain('components/terraform/network/main.tf');
  expect(refused.json.error.message).not.toContain('unrelated.txt');
  const allowed = await shop.ask('rollout payment-service --target dev --allow-dirty');
  expect(allowed.json).toMatchObject({ result: 'deployed', dirty: true });
  const promoted = await shop.run('rollout payment-service --target staging --promote-from dev');
  expect(promoted.code).toBe(3);
});
