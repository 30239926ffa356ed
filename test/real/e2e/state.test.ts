import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { limit } from '../../pace.ts';
import { cloneShop, newApp, resourcesOf, type Shop } from './shop.ts';
import { type StateServer, startStateServer } from './states.ts';

const SLOW = `resource "terraform_data" "precious" {
  provisioner "local-exec" { command = "sleep 2" }
}
output "id" { value = terraform_data.precious.id }
`;
const ENV = { STATE_USER: 'terraform', STATE_PASSWORD: 'http-pl4nted-passw0rd' };
const STATE = '.atmos/state/app/dev/terraform/a';

async function onServer(targets: readonly string[] = ['dev']): Promise<{ app: Shop; server: StateServer }> {
  const server = await startStateServer(ENV.STATE_USER, ENV.STATE_PASSWORD);
  onTestFinished(() => server.stop());
  const at = `${server.url}/a`;
  const backend = `address: "${at}", lock_address: "${at}", unlock_address: "${at}", retry_max: 0`;
  const app = newApp({
    'components/terraform/a/main.tf': SLOW,
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { backend_type: http, backend: { http: { ${backend} } } } } }
  targets:
${targets.map((target) => `    ${target}: { secrets: { TF_HTTP_USERNAME: { env: STATE_USER }, TF_HTTP_PASSWORD: { env: STATE_PASSWORD } } }\n`).join('')}`,
  });
  return { app, server };
}

/** Refuses the final write of the state: what the apply made is known to nothing else then. */
async function failedWrite(app: Shop, server: StateServer, runtime: string): Promise<void> {
  const refusing = setInterval(() => server.refuseWrites(server.asked.filter((one) => one.startsWith('LOCK')).length > 1), 50);
  const failed = await app.ask(`rollout app --target dev --runtime ${runtime}`, { env: ENV });
  clearInterval(refusing);
  server.refuseWrites(false);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('errored.tfstate');
}

/** Kills a rollout of local states while its apply runs: what it does then is not over for another two seconds. */
async function killInApply(app: Shop): Promise<void> {
  const runs = join(app.dir, '.atmos/runs');
  const lock = join(app.dir, STATE, 'workspaces/dev/.terraform.tfstate.lock.info');
  let watching: NodeJS.Timeout | undefined;
  const killed = await app.run('rollout app --target dev', {
    onStart: (child) => {
      // Terraform holds its lock while it plans, and again while it applies: the run directory tells these apart.
      watching = setInterval(() => {
        if (existsSync(runs) && readdirSync(runs).length > 0 && existsSync(lock)) child.kill('SIGKILL');
      }, 20);
    },
  });
  clearInterval(watching);
  expect(killed.code).not.toBe(0);
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'a state that its backend refuses is rescued in %s, nothing is done without it, and it is pushed',
  async (runtime) => {
    const { app, server } = await onServer();
    await failedWrite(app, server, runtime);
    const rescued = join(app.dir, STATE, 'errored.tfstate');
    expect(statSync(rescued).mode & 0o777).toBe(0o600);
    for (const verb of ['plan app', 'rollout app', 'destroy app --yes']) {
      expect(await app.ask(`${verb} --target dev`, { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'state-rescued' } } });
    }
    // Every other clone knows it, too.
    const two = cloneShop(app);
    expect(await two.ask('rollout app --target dev', { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'state-rescued' } } });
    expect(await app.run(`state push app a --target dev --runtime ${runtime}`, { env: ENV })).toMatchObject({ code: 0 });
    expect((await two.ask('plan app --target dev', { env: ENV })).code).toBe(0);
    expect(existsSync(rescued)).toBe(false);
    const again = await app.ask('rollout app --target dev', { env: ENV });
    expect(again.json).toMatchObject({ result: 'deployed' });
    expect(JSON.parse([...server.states.values()][0] ?? '{}').resources).toHaveLength(1);
  },
);

test('a state that a killed command could not write is found by the clone that has it, whoever went on meanwhile', async () => {
  const { app, server } = await onServer();
  const runs = join(app.dir, '.atmos/runs');
  const left = (): boolean => readdirSync(runs).some((name) => existsSync(join(runs, name, 'output-0/errored.tfstate')));
  await app.run('rollout app --target dev', {
    env: ENV,
    onStart(child) {
      const watching = setInterval(() => {
        if (!server.asked.includes('LOCK /a') || !existsSync(runs) || readdirSync(runs).length === 0) return;
        if (server.asked.filter((one) => one === 'LOCK /a').length < 2) return;
        server.refuseWrites(true);
        child.kill('SIGKILL');
        clearInterval(watching);
      }, 20);
    },
  });
  await expect.poll(left, { timeout: limit(20_000) }).toBe(true);
  server.refuseWrites(false);
  const two = cloneShop(app);
  expect(await two.ask('rollout app --target dev', { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'locked' } } });
  expect((await two.run('unlock app --target dev --force')).code).toBe(0);
  expect((await two.ask('rollout app --target dev', { env: ENV })).json).toMatchObject({ result: 'deployed' });
  for (const verb of ['plan', 'rollout']) {
    expect(await app.ask(`${verb} app --target dev`, { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'state-rescued' } } });
  }
  expect((await app.run('state discard app a --target dev --yes')).code).toBe(0);
  expect((await app.run('rollout app --target dev', { env: ENV })).stdout).toContain('nothing to do');
});

test('a rescued state is given up only when that is confirmed, and is kept aside', async () => {
  const { app, server } = await onServer();
  await failedWrite(app, server, 'bubblewrap');
  expect((await app.run('state discard app a --target dev')).code).toBe(3);
  const { code, json } = await app.ask('state discard app a --target dev --yes');
  expect(code).toBe(0);
  expect(existsSync(json.kept)).toBe(true);
  expect((await app.run('rollout app --target dev', { env: ENV })).code).toBe(0);
});

test('a lock that was left in a backend is named, and released', async () => {
  const { app, server } = await onServer();
  await app.run('rollout app --target dev', { env: ENV });
  server.lock('/a', JSON.stringify({ ID: 'left-behind', Who: 'ravi@old-laptop', Created: '2026-01-02T03:04:05Z' }));
  expect((await app.run('unlock app --target dev --state a --force', { env: ENV })).stdout).toContain('left-behind');
  expect((await app.ask('history app --target dev')).json.records[0]).toMatchObject({
    kind: 'unlock',
    reason: expect.stringContaining('left-behind'),
  });
  expect((await app.run('rollout app --target dev --all', { env: ENV })).code).toBe(0);
  expect((await app.run('unlock app --target dev --state a --force', { env: ENV })).stdout).toContain('was not locked');
});

test('another clone does not touch what has its state elsewhere, until it is brought there', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  });
  await app.run('rollout app --target dev');
  const two = cloneShop(app);
  two.commit('components/terraform/a/main.tf', 'resource "terraform_data" "x" { input = 2 }\n');
  two.git('push', '--quiet', 'origin', 'HEAD:main');
  for (const verb of ['plan app', 'rollout app', 'verify app', 'destroy app --yes']) {
    const refused = await two.ask(`${verb} --target dev`);
    expect(refused).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
    expect(refused.json.error.message).toContain(join(app.dir, '.atmos/state'));
  }
  expect((await two.ask('status app')).json.targets[0].state).toBe('deployed');
  expect(resourcesOf(app, 'dev')).toEqual({ a: 1 });
  const file = join(app.dir, STATE, 'workspaces/dev/terraform.tfstate');
  expect((await two.run(`state import app a ${join(app.dir, 'atmos.yaml')} --target dev`)).code).not.toBe(0);
  expect((await two.run(`state import app a ${file} --target dev`)).code).toBe(0);
  expect((await two.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  // Now the first clone has an older copy; and what that describes is gone when it is destroyed.
  expect(await app.ask('destroy app --target dev --yes')).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
  expect((await two.ask('destroy app --target dev --yes')).json).toMatchObject({ result: 'destroyed' });
  const stale = await app.ask('rollout app --target dev');
  expect([stale.code, stale.json.error.code]).toEqual([3, 'state-elsewhere']);
  rmSync(file);
  expect((await app.ask('rollout app --target dev')).json.components['terraform/a']).toMatchObject({
    action: 'applied',
    changes: { create: 1 },
  });
});

test('a component whose state is lost in every copy is forgotten only when that is confirmed', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  });
  await app.run('rollout app --target dev');
  rmSync(join(app.dir, STATE), { recursive: true });
  expect(await app.ask('plan app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
  expect((await app.run('state forget app a --target dev')).code).toBe(3);
  expect((await app.run('state forget app a --target dev --yes')).code).toBe(0);
  expect((await app.ask('status app')).json.targets[0]).toMatchObject({ state: 'never', release: null, components: {} });
  expect((await app.ask('rollout app --target dev')).json.components['terraform/a']).toMatchObject({ action: 'applied' });
});

test('a first apply that was interrupted elsewhere is not done again, whatever state files lie here', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': SLOW,
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  });
  const two = cloneShop(app);
  await two.run('rollout app --target dev');
  await two.run('destroy app --target dev --yes');
  await killInApply(app);
  expect(await two.ask('rollout app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
  expect((await app.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  expect(resourcesOf(app, 'dev')).toEqual({ a: 1 });
  expect(resourcesOf(two, 'dev')).toEqual({});
});

test('a copy from before an interrupted apply does not do for it, only what is there now', async () => {
  const files = {
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  };
  const app = newApp(files);
  await app.run('rollout app --target dev');
  const two = cloneShop(app);
  const file = join(app.dir, STATE, 'workspaces/dev/terraform.tfstate');
  await two.run(`state import app a ${file} --target dev`);
  // Back here: who has what the ledger knows may go on.
  app.commit('components/terraform/a/main.tf', `resource "terraform_data" "x" {}\n${SLOW}`);
  app.git('push', '--quiet', 'origin', 'HEAD:main');
  const before = join(two.dir, '../before.tfstate');
  copyFileSync(file, before);
  await killInApply(app);
  for (const verb of [`import app a ${file}`, 'forget app a --yes']) {
    const early = await app.ask(`state ${verb} --target dev`);
    expect([early.code, early.json.error.code]).toEqual([3, 'under-way']);
  }
  two.git('pull', '--quiet', 'origin', 'main');
  const refused = await two.ask('rollout app --target dev --lock-timeout 1m');
  expect(refused).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
  expect(refused.json.error.message).toContain(join(app.dir, '.atmos/state'));
  const importing = async (path: string) => two.ask(`state import app a ${path} --target dev`);
  let early = await importing(before);
  // The apply that the kill left behind runs to its end first.
  while (early.json.error?.code === 'locked') early = await importing(before);
  expect([early.code, early.json.error.code]).toEqual([3, 'other-copy']);
  expect((await importing(file)).code).toBe(0);
  expect((await two.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  expect(resourcesOf(two, 'dev')).toEqual({ a: 2 });
});

test('what is no state, or another one with the same number, is not taken for the one that the ledger knows', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  });
  await app.run('rollout app --target dev');
  const file = join(app.dir, STATE, 'workspaces/dev/terraform.tfstate');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const two = cloneShop(app);
  const other = join(two.dir, 'other.tfstate');
  for (const text of [
    JSON.stringify(state).replace(/"serial":\d+/, '"serial":99999999999999999999'),
    JSON.stringify({ ...state, serial: -1 }),
    JSON.stringify({ ...state, resources: undefined, serial: 99 }),
    JSON.stringify({ ...state, resources: [] }),
    JSON.stringify({ ...state, resources: [], serial: 5 }),
    '[]',
    '',
  ]) {
    writeFileSync(other, text);
    expect((await two.run(`state import app a ${other} --target dev`)).code).not.toBe(0);
  }
  expect((await two.run(`state import app a ${file} --target dev`)).code).toBe(0);
  // Written apart: the same number, other resources.
  writeFileSync(join(two.dir, STATE, 'workspaces/dev/terraform.tfstate'), JSON.stringify({ ...state, resources: [] }));
  expect(await two.ask('plan app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'state-elsewhere' } } });
});

test('two targets never have one state, whatever is declared', async () => {
  const { app } = await onServer(['dev', 'prod']);
  expect(await app.ask('validate app')).toMatchObject({ code: 2, json: { error: { code: 'shared-state' } } });
  expect((await app.run('rollout app --target dev', { env: ENV })).code).toBe(0);
  expect(await app.ask('rollout app --target prod', { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'shared-state' } } });
  expect((await app.ask('status app')).json.targets[1].state).toBe('never');
  expect((await app.run('rollout app --target dev --all', { env: ENV })).code).toBe(0);
});
