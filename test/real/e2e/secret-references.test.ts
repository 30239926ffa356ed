import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp, resourcesOf, type Shop } from './shop.ts';

const PASSWORD = 'p4ss "word" $HOME\nof two lines';
const TOKEN = 'tok3n-of-the-stack';
const PRINTED = 'pr1nted-by-a-command';
const REGION = 'r3gion-of-this-machine';
const env = { DB_PASSWORD: PASSWORD, GIVEN_TOKEN: TOKEN, GIVEN_REGION: REGION, COMMAND_SAYS: PRINTED };

/** Writes down how long each value is that it is given, and says them all. */
const MODULE = `
variable "password" { type = string }
resource "terraform_data" "x" {
  input = { password = nonsensitive(length(var.password)) }
  provisioner "local-exec" {
    command = "echo \\"[$PASSWORD] [$TOKEN] [$PRINTED] [$REGION]\\"; printf '%s|%s|%s|%s' \\"$PASSWORD\\" \\"$TOKEN\\" \\"$PRINTED\\" \\"$REGION\\" | wc -c"
    environment = { PASSWORD = var.password }
  }
}
output "length" { value = terraform_data.x.output.password }
`;

const deployment = (stage: string, more = ''): string => `deployment:
  name: app
  components:
    terraform:
      a:
        vars: { password: ${stage} }
        env: { TOKEN: !env GIVEN_TOKEN, REGION: !env GIVEN_REGION, UNSET: !env NOBODY_SETS_THIS fallback }
  targets:
    dev: { secrets: { DB: { env: DB_PASSWORD }, TOKEN_OF_STACK: { env: GIVEN_TOKEN } } }${more}
`;

function appWith(files: Readonly<Record<string, string>> = {}): Shop {
  return newApp({
    'atmos.yaml': 'base_path: ""\ntemplates: { settings: { enabled: true } }\nenv:\n  PRINTED: !exec printf %s "$COMMAND_SAYS"\n',
    'components/terraform/a/main.tf': MODULE,
    'deployments/app.yaml': deployment('!env DB_PASSWORD'),
    ...files,
  });
}

/** The names of files and objects that hold one of the values, or one line of them. */
function traces(app: Shop): readonly string[] {
  const parts = [...PASSWORD.split('\n'), TOKEN, PRINTED, REGION].flatMap((value) => [
    value,
    Buffer.from(value).toString('base64').slice(0, -4),
  ]);
  const below = (dir: string): readonly string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    );
  const files = [...below(app.dir), ...below(app.remote)].filter((path) => parts.some((part) => readFileSync(path).includes(part)));
  const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd: app.dir, maxBuffer: 1 << 30 }).toString(
    'latin1',
  );
  return [...files, ...parts.filter((part) => objects.includes(part))];
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'what stacks read of the environment is in the nodes in %s, and nowhere else',
  async (runtime) => {
    const app = appWith();
    const ran = await app.ask(`--verbose rollout app --target dev --runtime ${runtime}`, { env });
    expect(ran.stderr).toMatch(/\*\*\*\] \[\*\*\*\] \[\*\*\*\] \[\*\*\*\]/);
    expect(ran.stderr).toContain(String([PASSWORD, TOKEN, PRINTED, REGION].join('|').length));
    expect(ran.json.result).toBe('deployed');
    expect(readFileSync(join(app.dir, '.atmos/state/app/dev/terraform/a/workspaces/dev/terraform.tfstate'), 'utf8')).toContain(
      `"value": ${PASSWORD.length}`,
    );
    for (const part of [...PASSWORD.split('\n'), TOKEN, PRINTED, REGION]) expect(ran.stdout + ran.stderr).not.toContain(part);
    expect(traces(app)).toEqual([]);
  },
);

test('a release names them, is the same on every machine, runs elsewhere, and is destroyed with them', async () => {
  const app = appWith();
  const made = await app.ask('release app --target dev', { env });
  const other = { ...env, DB_PASSWORD: 'another', GIVEN_TOKEN: 'one', GIVEN_REGION: 'there', COMMAND_SAYS: 'more' };
  expect((await app.ask('release app --target dev', { env: other })).json.digest).toBe(made.json.digest);
  const shown = await app.ask(`release show ${made.json.digest}`);
  expect(shown.json.components['terraform/a'].settings).toMatchObject({
    env: {},
    secrets: {
      PRINTED: { exec: 'printf %s "$COMMAND_SAYS"' },
      REGION: { env: 'GIVEN_REGION', default: '' },
      TF_VAR_password: { env: 'DB_PASSWORD' },
      TOKEN: { env: 'GIVEN_TOKEN' },
      UNSET: { env: 'NOBODY_SETS_THIS', default: 'fallback' },
    },
  });
  expect((await app.ask('rollout app --target dev', { env })).json.result).toBe('deployed');
  expect((await app.run('rollout app --target dev', { env })).stdout).toContain('nothing to do');
  expect((await app.run('verify app --target dev', { env })).code).toBe(0);
  expect((await app.run('destroy app --target dev --yes', { env })).code).toBe(0);
  expect(resourcesOf(app, 'dev')).toEqual({});
  expect(traces(app)).toEqual([]);
});

test.each([
  ['!env', '!env DB_PASSWORD'],
  ['!env as text', '"!env DB_PASSWORD"'],
  ['a template', `'{{ env "DB_PASSWORD" }}'`],
  ['getenv', `'{{ getenv "DB_PASSWORD" }}'`],
  ['a template that gives !env', `'{{ printf "!env %s" "DB_PASSWORD" }}'`],
])('a whole variable by %s is such a reference', async (_, written) => {
  const app = appWith({ 'deployments/app.yaml': deployment(written) });
  const made = await app.ask('release app --target dev', { env });
  const shown = await app.ask(`release show ${made.json.digest}`);
  expect(shown.json.components['terraform/a'].settings.secrets.TF_VAR_password).toEqual({ env: 'DB_PASSWORD' });
  expect(traces(app)).toEqual([]);
});

test('a secret that is not set is told before anything is begun, whichever component reads it', async () => {
  const app = appWith();
  const { DB_PASSWORD: _, ...without } = env;
  expect(await app.ask('rollout app --target dev', { env: without })).toMatchObject({
    code: 4,
    json: { error: { code: 'missing-secret', message: expect.stringContaining('the variable DB_PASSWORD, which is not set') } },
  });
  expect((await app.ask('history app --target dev')).json.records).toEqual([]);
});

test('a command that is in a release and not in the configuration is not run', async () => {
  const app = appWith();
  const made = await app.ask('rollout app --target dev', { env });
  app.commit('atmos.yaml', 'base_path: ""\n');
  const refused = await app.ask(`rollout app --target dev --release ${made.json.release} --all`, { env });
  expect(refused).toMatchObject({ code: 3, json: { error: { code: 'not-declared', message: expect.stringContaining('COMMAND_SAYS') } } });
});

test('a value of the module’s own that would count more than a secret is refused by its file', async () => {
  const app = appWith({ 'components/terraform/a/dev.auto.tfvars': 'other = 1\npassword = "changeme"\n' });
  expect(await app.ask('rollout app --target dev', { env })).toMatchObject({
    code: 2,
    json: { error: { code: 'secret-overridden', message: expect.stringContaining('dev.auto.tfvars') } },
  });
});

test.each([
  ['(atmos.Component "a" "dev").vars.password', 'only the nodes of its own component read it'],
  ['(atmos.Component "a" "dev").vars.password | upper', 'got secret'],
  ['printf "%v" (atmos.Component "a" "dev").vars', 'only the nodes of its own component read it'],
  ['toJson (atmos.Component "a" "dev").env', 'only the nodes of its own component read it'],
  ['(atmos.Component "a" "dev").outputs', 'outputs'],
])('another component can’t read what is secret: {{ %s }}', async (template, message) => {
  const app = appWith({
    'deployments/app.yaml': deployment('!env DB_PASSWORD').replace(
      '      a:\n',
      `      b: { vars: { input: '{{ ${template} }}' } }\n      a:\n`,
    ),
    'components/terraform/b/main.tf': 'variable "input" { type = string }\n',
  });
  const refused = await app.ask('plan app --target dev', { env });
  expect(refused).toMatchObject({ code: 2, json: { error: { line: 5 } } });
  if (message !== 'outputs') expect(refused.json.error.message).toContain(message);
  expect(traces(app)).toEqual([]);
});
