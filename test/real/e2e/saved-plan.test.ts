import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp, newShop, type Shop } from './shop.ts';

/** `made` is known after the apply alone, and `name` before. */
const LINK = `variable "of" { type = string }
resource "terraform_data" "x" { triggers_replace = var.of }
output "name" { value = "\${var.of}+" }
output "made" { value = terraform_data.x.id }
`;
const chain = (of: string): string => `deployment:
  name: app
  components:
    terraform:
      network: { component: link, vars: { of: ${of} } }
      database: { component: link, vars: { of: !terraform.output network name } }
      late: { component: link, vars: { of: !terraform.output database made } }
      after-late: { component: link, metadata: { depends_on: [terraform/late] }, vars: { of: own } }
  targets:
    dev:
    prod: { promotion: { from: dev } }
`;

const deployed = async (app: Shop, target = 'dev'): Promise<unknown> => {
  const { json } = await app.ask('status app');
  const found = json.targets.find((one: { target: string }) => one.target === target);
  return Object.fromEntries(
    Object.entries(found.components as Record<string, { status: string }>).map(([address, { status }]) => [address, status]),
  );
};

test('a saved plan is applied as it was shown, and what it could not plan is left for another one', async () => {
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': chain('one') });
  const saved = await app.run('plan app dev --out plan.json');
  expect([saved.code, saved.stdout]).toEqual([0, expect.stringContaining('rollout app --target dev --plan plan.json')]);
  expect(statSync(join(app.dir, 'plan.json')).mode & 0o777).toBe(0o600);
  const first = await app.run('rollout app --plan plan.json');
  expect([first.code, first.stdout]).toEqual([
    0,
    expect.stringMatching(/^ – {2}terraform\/late .*known after apply of terraform\/database/m),
  ]);
  expect(await deployed(app)).toEqual({ 'terraform/network': 'applied', 'terraform/database': 'applied' });
  expect(await app.run('rollout app --plan plan.json')).toMatchObject({ code: 3, stderr: expect.stringContaining('is stale') });
  expect(await app.run('plan app dev --out plan.json')).toMatchObject({ code: 0 });
  const second = await app.ask('rollout app --plan plan.json');
  expect(second.json).toMatchObject({ result: 'deployed', components: { 'terraform/late': { action: 'applied' } } });
  expect(await app.ask('verify app dev')).toMatchObject({ code: 0 });
});

test('a saved plan is refused before anything is applied if the commit, the target or the infrastructure changed', async () => {
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': chain('one') });
  expect(await app.run('rollout app dev')).toMatchObject({ code: 0 });
  app.commit('deployments/app.yaml', () => chain('two'));
  expect(await app.run('plan app dev --out plan.json')).toMatchObject({ code: 0 });
  const before = app.git('rev-parse', 'refs/atmos/ledger/app/dev');
  const refused = async (args: string, text: string): Promise<void> => {
    expect(await app.run(args)).toMatchObject({ code: 3, stderr: expect.stringContaining(text) });
    expect(app.git('rev-parse', 'refs/atmos/ledger/app/dev')).toBe(before);
  };
  await refused('rollout app prod --plan plan.json', 'is for app, target dev');
  // Somebody changed what is there.
  const state =
    app
      .git('ls-files', '--others', '.atmos/state/app/dev')
      .split('\n')
      .find((path) => /network\/.*\.tfstate$/.test(path)) ?? '';
  const text = readFileSync(join(app.dir, state), 'utf8');
  writeFileSync(join(app.dir, state), text.replace('"triggers_replace":', '"other":').replace(/"serial": \d+/, '"serial": 99'));
  await refused('rollout app dev --plan plan.json', 'terraform/network');
  writeFileSync(join(app.dir, state), text);
  app.commit('deployments/app.yaml', () => chain('three'));
  await refused('rollout app dev --plan plan.json', 'release');
  writeFileSync(join(app.dir, 'plan.json'), app.read('plan.json').replace('two', 'six'));
  expect(await app.run('rollout app dev --plan plan.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a plan') });
  expect(await app.run('rollout app dev --plan none.json')).toMatchObject({ code: 2 });
  expect(await app.run('rollout app dev --plan plan.json --all')).toMatchObject({ code: 2 });
});

test('what another target runs is planned as its promotion, saved, and promoted by that plan', async () => {
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': chain('one') });
  expect(await app.run('rollout app dev')).toMatchObject({ code: 0 });
  const planned = await app.ask('plan app prod --promote-from dev --out plan.json');
  expect(planned).toMatchObject({ code: 0, json: { components: { 'terraform/network': { create: 1 } } } });
  const done = await app.ask('rollout app prod --plan plan.json');
  expect(done.json).toMatchObject({ kind: 'promotion', release: planned.json.release });
  const back = await app.ask(`plan app prod --release ${planned.json.release} --all`);
  expect(back).toMatchObject({ code: 0, json: { release: planned.json.release } });
});

test('what is left for another plan is told as left, keeps what it needs, and is not locked', async () => {
  const version = (
    of: string,
    late: string,
    more = '',
    old = '      old: { component: link, vars: { of: base } }\n',
  ): string => `deployment:
  name: app
  prune: true
  components:
    terraform:
      network: { component: link, vars: { of: ${of} } }
${old}      late: { component: link, ${more} vars: { of: !terraform.output ${late} made } }
  targets: { dev: }
`;
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': version('one', 'old') });
  expect(await app.run('rollout app dev')).toMatchObject({ code: 0 });
  app.commit('deployments/app.yaml', () => version('two', 'network', '', ''));
  const planned = await app.run('plan app dev --out plan.json');
  expect(planned.stdout).toContain('terraform/late  known after terraform/network is applied');
  const done = await app.run('rollout app dev --plan plan.json');
  expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/^ – {2}terraform\/late {5}skipped .*plan again$/m)]);
  expect(done.stdout).toContain('1 component unchanged');
  // It still runs with what is no longer declared.
  expect(await deployed(app)).toMatchObject({ 'terraform/old': 'applied', 'terraform/late': 'applied' });
  expect(await app.run('plan app dev --out plan.json')).toMatchObject({ code: 0 });
  expect(await app.run('rollout app dev --plan plan.json')).toMatchObject({ code: 0 });
  expect(await deployed(app)).toEqual({ 'terraform/network': 'applied', 'terraform/late': 'applied' });
  app.commit('deployments/app.yaml', () => version('three', 'network', 'metadata: { locked: true },', ''));
  expect(await app.run('plan app dev --out plan.json')).toMatchObject({ code: 0 });
  expect(await app.run('rollout app dev --plan plan.json')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('terraform/late is locked'),
  });
});

test('a plan that fails, or can not be written, leaves no file', async () => {
  const app = newApp({
    'components/terraform/link/main.tf': `${LINK}resource "terraform_data" "g" {
  lifecycle {
    precondition {
      condition     = var.of != "bad"
      error_message = "a bad one"
    }
  }
}
`,
    'deployments/app.yaml': chain('bad'),
  });
  expect(await app.run('plan app dev --out plan.json')).toMatchObject({ code: 1 });
  expect(existsSync(join(app.dir, 'plan.json'))).toBe(false);
  app.commit('deployments/app.yaml', () => chain('good'));
  expect(await app.run('plan app dev --out no/such/plan.json')).toMatchObject({ code: 2 });
});

test('a saved plan has what is built and has nothing to roll out, and is applied with it', async () => {
  const shop = await newShop();
  for (const change of ['', '\n// changed\n']) {
    if (change !== '') shop.commit('services/api/src/server.js', (text) => `${text}${change}`);
    const planned = await shop.ask('plan payment-service --target dev --out plan.json');
    expect(planned.json.components['nixpack/api']).toMatchObject({ create: 0, changes: [] });
    const first = await shop.ask('rollout payment-service --target dev --plan plan.json');
    expect(first).toMatchObject({ code: 0, json: { components: { 'nixpack/api': { action: 'built' } } } });
  }
});
