import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneShop, newApp, resourcesOf, type Shop } from './shop.ts';

const NET = 'resource "terraform_data" "a" { input = "net" }\noutput "id" { value = terraform_data.a.id }\n';
const READER = 'variable "net" { type = string }\nresource "terraform_data" "r" { input = var.net }\n';
const HALF = `${READER}resource "terraform_data" "broken" {
  depends_on = [terraform_data.r]
  provisioner "local-exec" { command = "exit 7" }
}
`;

const deployment = (components: string, more = ''): string => `deployment:
  name: app
${more}  components:
    terraform:
${components}  targets: { dev: , prod: { promotion: { from: dev } } }
`;
const QUEUE = '      queue: { vars: { net: !terraform.output net id } }\n';

function appWith(queue = READER): Shop {
  return newApp({
    'components/terraform/net/main.tf': NET,
    'components/terraform/queue/main.tf': queue,
    'deployments/app.yaml': deployment(`      net:\n${QUEUE}`),
  });
}

const actions = (json: { components: Record<string, { action: string }> }): Record<string, string> =>
  Object.fromEntries(Object.entries(json.components).map(([address, { action }]) => [address, action]));

test('what is no longer declared and still runs is told by every command, left alone, and destroyed with the rest', async () => {
  const app = appWith();
  expect((await app.run('rollout app --target dev')).code).toBe(0);
  app.commit('deployments/app.yaml', deployment('      net:\n'));
  expect((await app.ask('plan app --target dev')).json.orphans).toEqual(['terraform/queue']);
  const rolled = await app.ask('rollout app --target dev');
  expect(rolled.json).toMatchObject({ result: 'deployed', orphans: ['terraform/queue'] });
  expect(actions(rolled.json)).toEqual({ 'terraform/net': 'up-to-date', 'terraform/queue': 'orphaned' });
  expect((await app.ask('status app')).json.targets[0]).toMatchObject({ state: 'deployed', orphans: ['terraform/queue'] });
  expect((await app.run('rollout app --target dev')).stdout).toContain('no longer declared, still running: terraform/queue');
  const gone = await app.ask('destroy app --target dev --yes');
  expect(gone.json).toMatchObject({ result: 'destroyed' });
  expect(resourcesOf(app, 'dev')).toEqual({});
  expect(app.git('ls-remote', 'origin', 'refs/atmos/deployments/*')).toBe('');
});

test('what is no longer declared is destroyed after the applies where that is asked for, by a flag or by the file', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  await app.run('rollout app --target prod --promote-from dev');
  app.commit('deployments/app.yaml', deployment('      net:\n'));
  const pruned = await app.ask('rollout app --target dev --prune');
  expect(pruned.json).toMatchObject({ result: 'deployed', orphans: [] });
  expect(actions(pruned.json)['terraform/queue']).toBe('destroyed');
  expect(resourcesOf(app, 'dev')).toEqual({ net: 1 });
  app.commit('deployments/app.yaml', deployment('      net:\n', '  prune: true\n'));
  await app.run('rollout app --target dev');
  app.git('push', '--quiet', 'origin', 'main');
  expect(actions((await app.ask('rollout app --target prod --promote-from dev')).json)['terraform/queue']).toBe('destroyed');
  expect(resourcesOf(app, 'prod')).toEqual({ net: 1 });
});

test('one component is destroyed alone, declared or not, unless others read its outputs', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  const needed = await app.ask('destroy app --target dev --component net --yes');
  expect([needed.code, needed.json.error.code]).toEqual([3, 'still-needed']);
  expect((await app.ask('destroy app --target dev --component queue --yes')).json).toMatchObject({ result: 'partial' });
  expect(resourcesOf(app, 'dev')).toEqual({ net: 1 });
  expect((await app.ask('status app')).json.targets[0]).toMatchObject({ state: 'partial' });
});

test('what others depend on is not destroyed alone, whether they read of it or only wait for it, or were interrupted', async () => {
  const app = newApp({
    'components/terraform/net/main.tf': NET,
    'components/terraform/late/main.tf': 'resource "terraform_data" "l" {}\n',
    'deployments/app.yaml': deployment('      net:\n      late: { metadata: { depends_on: [net] } }\n'),
  });
  await app.run('rollout app --target dev');
  expect(await app.ask('destroy app --target dev --component net --yes')).toMatchObject({
    code: 3,
    json: { error: { code: 'still-needed' } },
  });
  expect((await app.run('destroy app --target dev --component late --yes')).code).toBe(0);
  // A part of a release is not the release.
  expect(await app.ask('verify app --target dev')).toMatchObject({ code: 1, json: { error: { code: 'not-whole' } } });
});

test('one component is not applied alone while what it reads of is not applied, and nothing is recorded then', async () => {
  const app = appWith();
  const alone = await app.ask('rollout app --target dev --component queue');
  expect([alone.code, alone.json.error.code]).toEqual([3, 'upstream-not-applied']);
  expect((await app.ask('history app --target dev')).json.records).toEqual([]);
  expect((await app.run('rollout app --target dev --component net --prune')).code).toBe(2);
});

test('a component that failed half way is known, fails verify, and is destroyed, also when it was taken out again', async () => {
  const app = appWith(HALF);
  expect((await app.run('rollout app --target dev')).code).toBe(1);
  expect((await app.ask('status app')).json.targets[0]).toMatchObject({
    state: 'failed',
    components: { 'terraform/queue': { status: 'failed' }, 'terraform/net': { status: 'applied' } },
  });
  expect(await app.ask('verify app --target dev')).toMatchObject({ code: 1, json: { error: { code: 'not-whole' } } });
  app.commit('deployments/app.yaml', deployment('      net:\n'));
  expect((await app.ask('rollout app --target dev')).json.orphans).toEqual(['terraform/queue']);
  expect((await app.run('destroy app --target dev --yes')).code).toBe(0);
  expect(resourcesOf(app, 'dev')).toEqual({});
});

test('a destroy that fails exits with 1, and what is left stays known', async () => {
  const stubborn = `${READER}resource "terraform_data" "stubborn" {
  provisioner "local-exec" {
    when    = destroy
    command = "exit 9"
  }
}
`;
  const app = appWith(stubborn);
  await app.run('rollout app --target dev');
  expect((await app.run('destroy app --target dev --yes')).code).toBe(1);
  const { state, components } = (await app.ask('status app')).json.targets[0];
  expect(state).toBe('failed');
  expect(Object.keys(components)).toEqual(['terraform/net', 'terraform/queue']);
  app.commit('components/terraform/queue/main.tf', READER);
  // With the release that it was applied with it fails again: a new one repairs it.
  expect((await app.run('destroy app --target dev --yes')).code).toBe(1);
  expect((await app.run('rollout app --target dev')).code).toBe(0);
  expect((await app.run('destroy app --target dev --yes')).code).toBe(0);
  expect(resourcesOf(app, 'dev')).toEqual({});
});

test('a component whose name is the beginning of another one is rolled out, verified, promoted, shown and destroyed', async () => {
  const app = newApp({
    'components/terraform/net/main.tf': NET,
    'components/terraform/net/peering/main.tf': READER,
    'deployments/app.yaml': deployment(
      '      net:\n      net/peering: { vars: { net: !terraform.output net id } }\n      net+peering: { component: net }\n',
    ),
  });
  const first = await app.ask('rollout app --target dev');
  expect(first.code).toBe(0);
  expect((await app.run('verify app --target dev')).code).toBe(0);
  expect((await app.run('rollout app --target prod --promote-from dev')).code).toBe(0);
  expect((await app.run('diff app dev prod')).code).toBe(0);
  const id = first.json.release.slice(7, 19);
  expect((await app.run(`release show ${id}`)).code).toBe(0);
  expect((await app.run(`release export ${id} out`)).code).toBe(0);
  expect((await app.run(`reproduce ${id}`)).code).toBe(0);
  expect((await app.run('destroy app --target dev --yes')).code).toBe(0);
  expect(resourcesOf(app, 'dev')).toEqual({});
});

test('what is not enabled is not declared, and what is locked is not touched', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  app.commit(
    'deployments/app.yaml',
    deployment('      net: { metadata: { locked: true }, env: { A: "1" } }\n      queue: { metadata: { enabled: false } }\n'),
  );
  expect(await app.ask('rollout app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'component-locked' } } });
  // A lock alone changes nothing, and is in the way of nothing but what would change it.
  app.commit('deployments/app.yaml', deployment(`      net: { metadata: { locked: true } }\n${QUEUE}`));
  expect((await app.run('rollout app --target dev')).code).toBe(0);
  expect(await app.ask('destroy app --target dev --yes')).toMatchObject({ code: 3, json: { error: { code: 'component-locked' } } });
  // Neither does it go when it is taken out, or disabled, though it was applied before it was locked.
  app.commit('deployments/app.yaml', deployment(`      net: \n${QUEUE.replace(' } }', ' }, metadata: { locked: true } }')}`));
  expect((await app.run('rollout app --target dev')).code).toBe(0);
  for (const rest of ['', '      queue: { metadata: { locked: true, enabled: false } }\n']) {
    app.commit('deployments/app.yaml', deployment(`      net: \n${rest}`));
    expect(await app.ask('rollout app --target dev --prune')).toMatchObject({ code: 3, json: { error: { code: 'component-locked' } } });
    expect((await app.run('rollout app --target dev')).code).toBe(0);
    expect(await app.ask('rollout app --target dev --prune')).toMatchObject({ code: 3, json: { error: { code: 'component-locked' } } });
  }
  expect(resourcesOf(app, 'dev')).toEqual({ net: 1, queue: 1 });
  app.commit('deployments/app.yaml', deployment('      net: \n      queue: { metadata: { enabled: false } }\n'));
  expect((await app.ask('rollout app --target dev')).json.orphans).toEqual(['terraform/queue']);
});

test('a changed environment, or outputs that changed since, make a component not current', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  app.commit('deployments/app.yaml', deployment(`      net: { env: { A: "1" } }\n${QUEUE}`));
  const changed = await app.ask('plan app --target dev');
  expect(changed.json.compared['terraform/net']).toMatchObject({ comparison: 'stale' });
  expect(actions((await app.ask('rollout app --target dev')).json)['terraform/net']).toBe('unchanged');
  app.commit('components/terraform/net/main.tf', NET.replace('input = "net"', 'triggers_replace = 2'));
  await app.run('rollout app --target dev --component net');
  expect((await app.ask('status app')).json.targets[0].state).toBe('partial');
  expect(actions((await app.ask('rollout app --target dev')).json)['terraform/queue']).toBe('applied');
  expect((await app.ask('status app')).json.targets[0].state).toBe('deployed');
});

test('a plan says of what reads outputs that it changes that they are known later, not what they are now', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  app.commit('components/terraform/net/main.tf', NET.replace('input = "net"', 'triggers_replace = 3'));
  const planned = await app.ask('plan app --target dev');
  expect(planned.json.unknown).toEqual({ 'terraform/queue': ['terraform/net'] });
  expect(planned.json.components).not.toHaveProperty(['terraform/queue']);
});

test('a name that Git or a path can’t have is refused before anything is applied', async () => {
  const app = appWith();
  for (const name of ['a b', 'net.lock', 'x..y', '.a', 'a:b', '../a']) {
    app.commit('deployments/app.yaml', deployment(`      "${name}": { component: net }\n`));
    expect((await app.run('validate app')).code, name).toBe(2);
  }
});

test('a target or a deployment that no file declares any more is still shown, and can be destroyed', async () => {
  const app = appWith();
  await app.run('rollout app --target dev');
  app.commit('deployments/app.yaml', (text) => text.replace('dev: , prod: { promotion: { from: dev } }', 'live: '));
  expect((await app.run('status app')).stdout).toContain('deployed · no longer declared');
  app.git('rm', '--quiet', 'deployments/app.yaml');
  app.git('commit', '--quiet', '--message=Gone');
  expect((await app.ask('status')).json.deployments).toMatchObject([{ deployment: 'app', targets: [{ target: 'dev', declared: false }] }]);
  expect((await app.run('destroy app --target dev --yes')).code).toBe(0);
  expect(resourcesOf(app, 'dev')).toEqual({});
});

test('a component waits for what it depends on through an image that stands between them', async () => {
  const slow = 'resource "terraform_data" "r" {\n  provisioner "local-exec" { command = "sleep 1" }\n}\n';
  const app = newApp({
    'components/terraform/ecr/main.tf': slow,
    'components/terraform/task/main.tf': 'resource "terraform_data" "t" {}\n',
    'services/api/package.json': '{ "name": "api", "scripts": { "start": "node ." } }\n',
    'deployments/app.yaml': `deployment:
  name: app
  components:
    nixpack:
      api: { metadata: { depends_on: [terraform/ecr] }, vars: { source: services/api } }
    terraform:
      ecr:
      task: { metadata: { depends_on: [nixpack/api] } }
`,
  });
  const { code, stderr } = await app.run('rollout app --target default');
  expect(code, stderr).toBe(0);
  const done = stderr.split('\n').filter((line) => / (apply|plan) /.test(line));
  expect(done.findIndex((line) => /task +plan/.test(line))).toBeGreaterThan(done.findIndex((line) => /ecr +apply/.test(line)));
});

test('a release is promoted, and what runs is verified, in clones that are behind or shallow', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml':
      'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: , prod: { promotion: { from: dev } }, stage: { promotion: { from: dev } } }\n',
  });
  app.git('push', '--quiet', 'origin', 'HEAD:main');
  const behind = cloneShop(app);
  const shallow = cloneShop(app, ['--depth', '1']);
  app.commit('components/terraform/a/main.tf', 'resource "terraform_data" "x" { input = 2 }\n');
  await app.run('rollout app --target dev');
  app.commit('unrelated.txt', 'later\n');
  app.git('push', '--quiet', 'origin', 'main');
  expect((await behind.ask('rollout app --target prod --promote-from dev')).json).toMatchObject({ kind: 'promotion', result: 'deployed' });
  expect((await shallow.ask('rollout app --target stage --promote-from dev')).json).toMatchObject({
    kind: 'promotion',
    result: 'deployed',
  });
  expect((await shallow.run('verify app --target stage')).code).toBe(0);
  expect(existsSync(join(behind.dir, '.git/shallow'))).toBe(false);
  expect(readFileSync(join(shallow.dir, '.git/shallow'), 'utf8')).not.toBe('');
});

test('status tells what runs, also where a deployment file does not hold', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
    'deployments/other.yaml': 'deployment: { name: other, componets: {} }\n',
  });
  await app.run('rollout app --target dev');
  const all = await app.ask('status');
  expect([all.code, all.json.deployments?.length ?? all.json.length]).toEqual([0, 1]);
  expect(all.stderr).toContain('deployments/other.yaml:1:28 unknown key "componets"');
  app.commit('deployments/app.yaml', (text) => text.replace('targets', 'tragets'));
  const one = await app.ask('status app');
  expect([one.code, one.json.targets[0].state, one.json.targets[0].orphans]).toEqual([0, 'deployed', []]);
  expect(one.stderr).toContain('unknown key "tragets"');
});
