import { expect, onTestFinished, test } from 'vitest';
import { newApp } from './shop.ts';
import { startStateServer } from './states.ts';

const BROKEN = (what: string): string => `resource "terraform_data" "x" {\n  input = ${what}\n}\n`;

test('every node that failed is explained at its line, and nodes of which the same is to be said share one error', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': BROKEN('file("missing")'),
    'components/terraform/b/main.tf': BROKEN('tonumber("many")'),
    'deployments/app.yaml': `deployment:
  name: app
  components:
    terraform: { a: , b: , also-a: { metadata: { component: a } } }
  targets: { dev: }
`,
  });
  const { code, json, stderr } = await app.ask('plan app --target dev --keep-going');
  expect(code).toBe(1);
  expect(json.errors).toMatchObject([
    { message: expect.stringMatching(/^terraform\/a\/plan, terraform\/also-a\/plan: Invalid function argument/), line: 2 },
    { message: expect.stringMatching(/^terraform\/b\/plan: Invalid function argument/), file: 'components/terraform/b/main.tf', line: 2 },
  ]);
  expect(stderr).toContain('2 errors');
});

test('missing credentials are told to be those, and what can not be reached is no fault of the files', async () => {
  const server = await startStateServer('terraform', 'planted');
  onTestFinished(() => server.stop());
  const backend = (address: string): string => `{ backend_type: http, backend: { http: { address: "${address}", retry_max: 0 } } }`;
  const app = newApp({
    'components/terraform/a/main.tf': 'output "x" { value = 1 }\n',
    'deployments/app.yaml': `deployment:
  name: app
  components:
    terraform:
      a: ${backend(`${server.url}/a`)}
      b: { component: a, backend_type: http, backend: { http: { address: "http://127.0.0.1:9/b", retry_max: 0 } } }
  targets: { dev: }
`,
  });
  const { code, json } = await app.ask('plan app --target dev --keep-going');
  expect(code).toBe(1);
  expect(json.errors).toMatchObject([
    { hint: expect.stringContaining('targets: { dev: { secrets: { TF_HTTP_PASSWORD: { env: TF_HTTP_PASSWORD } } } }') },
    { hint: 'The backend or API is unreachable; rerun when it is available.' },
  ]);
});

test('what Terraform itself finds wrong is no matter of credentials, whatever words it has', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': `variable "authentication" {
  type = string
  validation {
    condition     = var.authentication != "x"
    error_message = "The authentication mode is forbidden: 403, or 502 credentials."
  }
}
`,
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { vars: { authentication: x } }, b: { component: a, vars: { authentication: x } } } }
  targets: { dev: }
`,
  });
  const { json } = await app.ask('plan app --target dev --keep-going');
  expect([json.error, ...(json.errors ?? [])].map(({ hint }) => hint)).toEqual(expect.arrayContaining(['Fix it and rerun.']));
  expect(JSON.stringify(json)).not.toMatch(/only get the credentials|is unreachable/);
});

test('nodes that one command stands for are explained by what that said', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': 'module "x" { source = "./missing" }\n',
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: , also-a: { metadata: { component: a } } } }
  targets: { dev: }
`,
  });
  const { json } = await app.ask('plan app --target dev --keep-going');
  expect(json.error.message).toMatch(/^terraform\/a\/init, terraform\/also-a\/init: /);
  expect(json.errors).toBeUndefined();
});
