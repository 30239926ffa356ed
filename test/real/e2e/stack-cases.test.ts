import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';

const CASES = resolve(import.meta.dirname, '../../cases/stacks');

/** A repository that people have, with a deployment `d`. */
function open(name: string): Shop {
  const dir = join(CASES, name);
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  return newApp(Object.fromEntries(paths.map((path) => [relative(dir, path), readFileSync(path, 'utf8')])), 'd');
}

/** The outputs of the local state of a component of a deployment without targets. */
function outputsOf(shop: Shop, component: string): string {
  const at = `.atmos/state/d/default/terraform/${component}`;
  const [state = ''] = readdirSync(join(shop.dir, at), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('terraform.tfstate'),
  );
  return shop.read(join(at, state)).match(/"outputs": \{[\s\S]*?\n {2}\}/)?.[0] ?? '';
}

// biome-ignore lint/suspicious/noExplicitAny: what Terraform's state is like is not the point here
const outputOf = (shop: Shop, component: string, name: string): any => JSON.parse(`{${outputsOf(shop, component)}}`).outputs[name]?.value;

test('a locked component is neither applied nor destroyed', async () => {
  const shop = open('01-locked');
  const refused = [3, expect.stringContaining('terraform/app is locked (metadata.locked)')];
  const rollout = await shop.run('rollout d');
  expect([rollout.code, rollout.stderr]).toEqual(refused);
  expect((await shop.run('plan d')).code).toBe(0);
  shop.commit('stacks/dev.yaml', (text) => text.replace('true', 'false'));
  expect((await shop.run('rollout d')).code).toBe(0);
  shop.commit('stacks/dev.yaml', (text) => text.replace('false', 'true'));
  const destroy = await shop.run('destroy d --yes');
  expect([destroy.code, destroy.stderr]).toEqual(refused);
});

test('a component that is not enabled is skipped, and said to be', async () => {
  const { code, stderr } = await open('02-disabled').run('rollout d');
  expect([code, stderr]).toEqual([0, expect.stringContaining('skipped, since metadata.enabled is false: terraform/app')]);
});

test('what dependencies and depends_on name is applied first, and destroyed last', async () => {
  const shop = open('03-dependencies');
  expect((await shop.ask('graph d')).json.components).toEqual([
    { address: 'terraform/app', dependsOn: ['terraform/base-net'] },
    { address: 'terraform/app-old', dependsOn: ['terraform/base-net'] },
    { address: 'terraform/base-net', dependsOn: [] },
  ]);
  expect((await shop.run('rollout d')).code).toBe(0);
  expect((await shop.run('destroy d --yes')).code).toBe(0);
});

test('what a command of atmos.yaml prints is in no release', async () => {
  const shop = open('04-env-secret');
  expect((await shop.run('release d')).code).toBe(0);
  const refs = shop.git('for-each-ref', '--format=%(refname)', 'refs/atmos/releases').split('\n');
  expect(refs).toHaveLength(1);
  expect(() => shop.git('grep', '--quiet', 'very-secret-token', ...refs)).toThrow();
});

test('a release is made again from its own atmos.yaml', async () => {
  const shop = open('05-reproduce-settings');
  const { id } = (await shop.ask('release d')).json;
  shop.commit('atmos.yaml', (text) => text.replace('{stage}', '{tenant}-{stage}'));
  expect(await shop.ask(`reproduce ${id}`)).toMatchObject({ code: 0, json: { differences: [] } });
});

test('a function that a template gives is evaluated', async () => {
  const shop = open('06-template-gives-function');
  expect((await shop.run('rollout d', { env: { HOME: '/home/ana' } })).code).toBe(0);
  expect(outputOf(shop, 'app', 'got')).toBe('i-1');
  expect((await shop.ask('describe d', { env: { HOME: '/home/ana' } })).json.components['terraform/app'].vars.home).toBe('/home/ana');
});

test('a provider with a dot is an alias', async () => {
  const shop = open('07-provider-alias');
  const { id } = (await shop.ask('release d')).json;
  expect((await shop.run(`release export ${id} exported`)).code).toBe(0);
  expect(JSON.parse(shop.read('exported/components/terraform/app/providers_override.tf.json'))).toEqual({
    provider: { aws: [{ region: 'us-east-2' }, { alias: 'second', region: 'us-east-1' }] },
  });
});

test('what a policy refuses is not planned', async () => {
  const shop = open('09-validation-policy');
  for (const command of ['validate d', 'rollout d']) {
    const { code, stderr } = await shop.run(command);
    expect([code, stderr]).toEqual([3, expect.stringContaining('vars.size must be <= 3 (policy "small-only")')]);
  }
});

test('what is generated is part of the root module, and a hook that has no store is an error', async () => {
  const shop = open('10-hooks-generate');
  const { code, stderr } = await shop.run('rollout d');
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^stacks\/dev.yaml:9:66 error: terraform\/app: the hook "keep" names no store/m),
  ]);
  shop.commit('stacks/dev.yaml', (text) => text.slice(0, text.indexOf('      hooks:')));
  expect((await shop.run('rollout d')).code).toBe(0);
  expect(outputOf(shop, 'app', 'made')).toBe('dev');
});

test('!literal keeps a text from functions, not from templates', async () => {
  expect((await open('13-literal').ask('describe d')).json.components['terraform/app'].vars.note).toBe('dev');
});

test('each misspelt key is named, with the right one', async () => {
  const { code, stderr } = await open('14-typing-mistakes').run('validate d');
  expect(code).toBe(2);
  for (const named of ['"setings" in "terraform"', '"var" in component terraform/app', '"inherit" in "metadata" of terraform/app']) {
    expect(stderr).toContain(`there is no ${named}`);
  }
});

test('aliases that stand for too much are an error at a line', async () => {
  const { code, stderr } = await open('17-alias-bomb').run('describe d');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^stacks\/dev.yaml:7:22 error: the aliases of this file stand for more than/m)]);
});

test('a regular expression takes time in proportion to its text', async () => {
  expect((await open('18-regex-hang').ask('describe d')).json.components['terraform/app'].vars.d).toBe('false');
});

test('each of two stacks has its own backend, workspace and overrides', async () => {
  const { components } = (await open('20-two-stacks').ask('describe d')).json;
  expect(components).toMatchObject({
    'terraform/app': { vars: { owner: 'team-east' }, workspace: 'east-dev', backend: { bucket: 'state-east' } },
    'terraform/queue': { vars: {}, workspace: 'west-dev-queue', backend: { bucket: 'state-west' } },
  });
});

test('large whole numbers reach Terraform as they are', async () => {
  const shop = open('21-big-integers');
  expect((await shop.run('rollout d')).code).toBe(0);
  expect(outputOf(shop, 'app', 'as_text')).toBe('9007199254740993');
});
