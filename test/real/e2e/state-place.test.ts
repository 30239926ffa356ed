import { expect, onTestFinished, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';
import { type StateServer, startStateServer } from './states.ts';

const ENV = { STATE_USER: 'terraform', STATE_PASSWORD: 'http-pl4nted-passw0rd' };

/** Deployments with one component `a` each, by name, which are given the server's address; `app` among them. */
async function withServer(of: (url: string) => Readonly<Record<string, string>>): Promise<{ app: Shop; server: StateServer }> {
  const server = await startStateServer(ENV.STATE_USER, ENV.STATE_PASSWORD);
  onTestFinished(() => server.stop());
  const files = Object.entries(of(server.url)).map(([name, component]) => [`deployments/${name}.yaml`, deployment(name, component)]);
  const app = newApp({ 'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n', ...Object.fromEntries(files) });
  for (const name of Object.keys(of(server.url)).filter((one) => one !== 'app')) await app.run(`images build ${name}`);
  app.git('add', '--all');
  app.git('commit', '--quiet', '--allow-empty', '--message=Pin images');
  app.git('push', '--quiet', 'origin', 'main');
  return { app, server };
}

const deployment = (name: string, component: string): string => `deployment:
  name: ${name}
  components: { terraform: { a: { ${component} } } }
  targets: { dev: { secrets: { TF_HTTP_USERNAME: { env: STATE_USER }, TF_HTTP_PASSWORD: { env: STATE_PASSWORD } } } }
`;

test('two deployments never have one state, however each says where it is', async () => {
  const { app } = await withServer((url) => ({
    app: `backend_type: http, backend: { http: { address: "${url}/a" } }`,
    two: `backend_type: http, backend: { http: { retry_max: 3 } }, env: { TF_HTTP_ADDRESS: "${url}/a" }`,
  }));
  expect(await app.ask('validate')).toMatchObject({ code: 2, json: { error: { code: 'shared-state' } } });
  expect(await app.ask('rollout app --target dev', { env: ENV })).toMatchObject({ code: 0, json: { result: 'deployed' } });
  expect(await app.ask('rollout two --target dev', { env: ENV })).toMatchObject({ code: 3, json: { error: { code: 'shared-state' } } });
});

test('a backend’s option that does not say where the state is may change, and what says it may not, wherever that stands', async () => {
  const component = (url: string, more = ''): string => `backend_type: http, backend: { http: { address: "${url}/a"${more} } }`;
  const { app, server } = await withServer((url) => ({ app: component(url) }));
  expect((await app.run('rollout app --target dev', { env: ENV })).code).toBe(0);
  const rewrite = (text: string): void => {
    app.commit('deployments/app.yaml', deployment('app', text));
    app.git('push', '--quiet', 'origin', 'main');
  };
  rewrite(component(server.url, ', retry_max: 3'));
  expect((await app.ask('rollout app --target dev', { env: ENV })).json).toMatchObject({ result: 'deployed' });
  rewrite(`backend_type: http, backend: { http: {} }, env: { TF_HTTP_ADDRESS: "${server.url}/a" }`);
  expect((await app.ask('rollout app --target dev', { env: ENV })).json).toMatchObject({ result: 'deployed' });
  rewrite(`backend_type: http, backend: { http: {} }, env: { TF_HTTP_ADDRESS: "${server.url}/b" }`);
  for (const verb of ['plan', 'rollout']) {
    const refused = await app.ask(`${verb} app --target dev`, { env: ENV });
    expect(refused).toMatchObject({ code: 3, json: { error: { code: 'state-moved' } } });
    expect(refused.json.error.message).toContain(`"http ${server.url}/a"`);
  }
  expect([...server.states.keys()]).toEqual(['/a']);
});

test('a variable of Terraform’s that would choose another state is refused at its line', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml':
      'deployment:\n  name: app\n  components:\n    terraform:\n      a:\n        env:\n          TF_WORKSPACE: other\n  targets: { dev: }\n',
  });
  for (const verb of ['validate app', 'plan app', 'rollout app']) {
    const refused = await app.ask(verb);
    expect(refused).toMatchObject({ code: 2, json: { error: { code: 'reserved-variable', line: 7 } } });
  }
});

test('a state whose place is a secret is not moved by another value, and is nobody else’s', async () => {
  const server = await startStateServer(ENV.STATE_USER, ENV.STATE_PASSWORD);
  onTestFinished(() => server.stop());
  const secrets = (from: string): string =>
    `secrets: { TF_HTTP_ADDRESS: { env: ${from} }, TF_HTTP_USERNAME: { env: STATE_USER }, TF_HTTP_PASSWORD: { env: STATE_PASSWORD } }`;
  const app = newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { backend_type: http, backend: { http: {} } } } }
  targets: { dev: { ${secrets('ONE')} }, prod: { ${secrets('TWO')} } }
`,
  });
  const env = (one: string, two: string): Record<string, string> => ({ ...ENV, ONE: `${server.url}/${one}`, TWO: `${server.url}/${two}` });
  expect((await app.run('rollout app --target dev', { env: env('a', 'b') })).code).toBe(0);
  const shared = await app.ask('rollout app --target prod', { env: env('a', 'a') });
  expect(shared).toMatchObject({ code: 3, json: { error: { code: 'shared-state' } } });
  for (const verb of ['plan', 'rollout --all']) {
    const moved = await app.ask(`${verb.replace('plan', 'plan --all')} app --target dev`, { env: env('c', 'b') });
    expect(moved).toMatchObject({ code: 3, json: { error: { code: 'state-moved' } } });
    expect(moved.json.error.message).not.toContain(server.url);
  }
  // Also where another one writes the place out.
  const plainly = `deployment:
  name: evil
  components: { terraform: { a: { backend_type: http, backend: { http: { address: "${server.url}/a" } } } } }
  targets: { dev: { secrets: { TF_HTTP_USERNAME: { env: STATE_USER }, TF_HTTP_PASSWORD: { env: STATE_PASSWORD } } } }
`;
  app.commit('deployments/evil.lock.yaml', app.read('deployments/app.lock.yaml'));
  app.commit('deployments/evil.yaml', plainly);
  expect(await app.ask('rollout evil --target dev', { env: env('a', 'b') })).toMatchObject({
    code: 3,
    json: { error: { code: 'shared-state' } },
  });
  expect((await app.run('rollout app --target prod', { env: env('a', 'b') })).code).toBe(0);
  expect([...server.states.keys()].sort()).toEqual(['/a', '/b']);
});

test.each([
  ['by a secret', 'targets: { dev: { secrets: { TF_WORKSPACE: { env: X } } } }', ''],
  ['by arguments in a secret', 'targets: { dev: { secrets: { TF_CLI_ARGS_plan: { env: X } } } }', ''],
  ['by a name that a template makes', 'targets: { dev: }', '{ "{{ print \\"TF_\\" \\"WORKSPACE\\" }}": other }'],
])('a variable of Terraform’s is refused %s', async (_, targets, env) => {
  const app = newApp({
    'atmos.yaml': 'base_path: ""\ntemplates: { settings: { enabled: true } }\n',
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': `deployment:\n  name: app\n  components: { terraform: { a: ${env === '' ? '' : `{ env: ${env} }`} } }\n  ${targets}\n`,
  });
  for (const verb of ['validate app', 'plan app', 'rollout app']) {
    expect(await app.ask(verb, { env: { X: 'other' } })).toMatchObject({ code: 2, json: { error: { code: 'reserved-variable' } } });
  }
});
