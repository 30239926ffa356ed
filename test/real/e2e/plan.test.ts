import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp } from './shop.ts';

const MODULE = `variable "size" { type = number }
variable "password" {
  type      = string
  sensitive = true
}
variable "token" { type = string }
resource "terraform_data" "kept" { input = { size = var.size, name = "n" } }
resource "terraform_data" "replaced" { triggers_replace = var.size }
resource "terraform_data" "hidden" { input = [var.password, var.token] }
resource "terraform_data" "masked" { input = "\${var.token}-\${var.size}" }
output "size" { value = var.size }
`;

const deployment = (size: number, password: string): string => `deployment:
  name: app
  components: { terraform: { a: { vars: { size: ${size}, password: ${password}, token: !env TOKEN } } } }
  targets: { dev: { secrets: { TOKEN: { env: TOKEN } } } }
`;

test('a plan tells of each attribute what it is and will be, what is known later, what forces a replacement, and no secret', async () => {
  const env = { TOKEN: 'pl4nted-token' };
  const app = newApp({ 'components/terraform/a/main.tf': MODULE, 'deployments/app.yaml': deployment(1, 'first-word') });
  expect(await app.run('rollout app --target dev', { env })).toMatchObject({ code: 0 });
  const unchanged = await app.run('plan app --target dev --all', { env });
  expect([unchanged.code, unchanged.stdout]).toEqual([0, expect.stringMatching(/^terraform\/a {2}no changes$/m)]);
  app.commit('deployments/app.yaml', () => deployment(2, 'second-word'));
  const planned = await app.run('plan app --target dev', { env });
  expect(planned.code).toBe(0);
  const lines = planned.stdout.trimEnd().split('\n').slice(1);
  expect(lines).toEqual([
    'terraform/a  +1 ~3 -1',
    '  update output.size',
    '      1 → 2',
    '  update terraform_data.hidden',
    '      input: (sensitive value)',
    '      output: ["***","***"] → (known after apply)',
    '  update terraform_data.kept',
    '      input.size: 1 → 2',
    expect.stringMatching(/^ {6}output.*\(known after apply\)$/),
    '  update terraform_data.masked',
    '      input: "***-1" → "***-2"',
    '      output: "***-1" → (known after apply)',
    '  delete, create terraform_data.replaced',
    expect.stringMatching(/^ {6}id: "[-0-9a-f]+" → \(known after apply\)$/),
    '      triggers_replace: 1 → 2  (forces replacement)',
  ]);
  const { stdout } = await app.run('plan app --target dev --format json', { env });
  const [size] = JSON.parse(stdout).components['terraform/a'].changes;
  expect(size).toEqual({ address: 'output.size', actions: ['update'], attributes: [{ path: '', before: 1, after: 2 }] });
  const { stdout: markdown } = await app.run('plan app --target dev --format markdown', { env });
  expect(markdown).toContain('| `terraform/a` | **+1 ~3 -1** |');
  expect(await app.run('rollout app --target dev --format markdown', { env })).toMatchObject({ code: 2, stdout: '' });
  expect(`${planned.stdout}${stdout}${markdown}`).not.toMatch(/pl4nted|first-word|second-word/);
});

/** `made` is known after the apply alone, and `name` before. */
const LINK = `variable "of" { type = string }
resource "terraform_data" "x" { triggers_replace = var.of }
output "name" { value = "\${var.of}+" }
output "made" { value = terraform_data.x.id }
output "same" { value = "same" }
`;
const chain = (of: string): string => `deployment:
  name: app
  components:
    terraform:
      network: { component: link, vars: { of: ${of} } }
      database: { component: link, vars: { of: !terraform.output network name } }
      api: { component: link, vars: { of: !terraform.output database name } }
      late: { component: link, vars: { of: !terraform.output database made } }
      later: { component: link, vars: { of: !terraform.output late name } }
      aside: { component: link, vars: { of: !terraform.output network same } }
  targets: { dev: }
`;

test('what reads outputs is planned with what they will be, and applied as planned; what is known later says of what', async () => {
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': chain('one') });
  const changesOf = async (flags = ''): Promise<unknown> => {
    const { code, stdout, stderr } = await app.run(`plan app --target dev --format json${flags}`);
    expect([code, code === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
    const { components, unknown } = JSON.parse(stdout);
    const told = Object.entries(components as Record<string, { changes: { address: string; attributes?: unknown[] }[] }>);
    return [
      Object.fromEntries(told.map(([address, { changes }]) => [address, changes.find((one) => one.address === 'output.name')?.attributes])),
      unknown,
    ];
  };
  const waiting = { 'terraform/late': ['terraform/database'], 'terraform/later': ['terraform/late'] };
  const values = (before: string | undefined, after: string) => [{ path: '', ...(before === undefined ? {} : { before }), after }];
  expect(await changesOf()).toEqual([
    {
      'terraform/network': values(undefined, 'one+'),
      'terraform/database': values(undefined, 'one++'),
      'terraform/api': values(undefined, 'one+++'),
      'terraform/aside': values(undefined, 'same+'),
    },
    waiting,
  ]);
  expect(await app.run('rollout app --target dev')).toMatchObject({ code: 0 });
  expect(await changesOf(' --all')).toEqual([
    Object.fromEntries(['network', 'database', 'api', 'late', 'later', 'aside'].map((name) => [`terraform/${name}`, undefined])),
    {},
  ]);
  app.commit('deployments/app.yaml', () => chain('two'));
  const changed = {
    'terraform/network': values('one+', 'two+'),
    'terraform/database': values('one++', 'two++'),
    'terraform/api': values('one+++', 'two+++'),
    'terraform/aside': undefined,
  };
  expect(await changesOf(' --all')).toEqual([changed, waiting]);
  const planned = await app.run('plan app --target dev');
  expect(planned.stdout).toContain('terraform/late  known after terraform/database is applied\n');
  const { stdout } = await app.run('rollout app --target dev --format json');
  expect(stdout).toContain('deployed');
  const states = readdirSync(join(app.dir, '.atmos/state/app/dev/terraform'), { recursive: true, encoding: 'utf8' });
  for (const [name, value] of [
    ['network', 'two+'],
    ['database', 'two++'],
    ['api', 'two+++'],
  ] as const) {
    const file = states.find((path) => path.startsWith(`${name}/`) && path.endsWith('.tfstate'));
    expect(app.read(`.atmos/state/app/dev/terraform/${file}`)).toContain(`"value": "${value}"`);
  }
});

test('what reads of a component whose plan fails is not planned with what that has now', async () => {
  const module = `${LINK}resource "terraform_data" "guard" {
  lifecycle {
    precondition {
      condition     = var.of != "bad"
      error_message = "a bad one"
    }
  }
}
`;
  const app = newApp({ 'components/terraform/link/main.tf': module, 'deployments/app.yaml': chain('one') });
  expect(await app.run('rollout app --target dev')).toMatchObject({ code: 0 });
  app.commit('deployments/app.yaml', () => chain('bad'));
  const planned = await app.run('plan app --target dev --all --keep-going');
  expect([planned.code, planned.stderr]).toEqual([1, expect.stringContaining('a bad one')]);
  expect(planned.stdout).toContain('terraform/database  known after terraform/network is applied\n');
  expect(planned.stdout).toContain('terraform/api  known after terraform/database is applied\n');
});

const ALONE = 'deployment: { name: app, components: { terraform: { a: { vars: { of: x } } } }, targets: { dev: } }\n';

test('a plan records nothing, and needs no Git identity; a rollout does', async () => {
  const app = newApp({ 'components/terraform/a/main.tf': LINK, 'deployments/app.yaml': ALONE });
  app.git('config', 'user.useConfigOnly', 'true');
  app.git('config', 'user.email', '');
  expect(await app.run('plan app --target dev')).toMatchObject({ code: 0 });
  const refused = await app.run('rollout app --target dev');
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('Git does not know who you are')]);
});

test('one component is planned alone, with what those that it reads of have now, also where it is current', async () => {
  const app = newApp({ 'components/terraform/link/main.tf': LINK, 'deployments/app.yaml': chain('one') });
  expect(await app.run('rollout app')).toMatchObject({ code: 0 });
  app.commit('deployments/app.yaml', () => chain('two'));
  const one = await app.ask('plan app --component database');
  expect([one.code, Object.keys(one.json.components), one.json.components['terraform/database'].changes]).toEqual([
    0,
    ['terraform/database'],
    [],
  ]);
  const network = await app.ask('plan app --component terraform/network');
  expect(Object.keys(network.json.components)).toEqual(['terraform/network']);
  expect(network.json.components['terraform/network'].changes.length).toBeGreaterThan(0);
  expect((await app.ask('plan app --component netwrok')).json.error).toMatchObject({ code: 'unknown-component' });
  expect((await app.run('plan app --component network --out plan.json')).code).toBe(2);
});
