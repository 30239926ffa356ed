import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneShop, newApp, resourcesOf, type Shop } from './shop.ts';

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

test('what is no longer declared, or said differently since, is verified, pruned and destroyed all the same', async () => {
  const app = appWith({
    'deployments/app.yaml': deployment('!env DB_PASSWORD').replace(
      '      a:\n',
      '      b: { metadata: { component: a }, vars: { password: x } }\n      a:\n',
    ),
  });
  expect((await app.ask('rollout app --target dev', { env })).json.result).toBe('deployed');
  app.commit('atmos.yaml', (text) => text.replace('printf %s', "printf '%s'"));
  expect((await app.run('verify app --target dev', { env })).code).toBe(0);
  app.commit('atmos.yaml', 'base_path: ""\n');
  app.commit('deployments/app.yaml', deployment('!env DB_PASSWORD'));
  expect((await app.ask('rollout app --target dev --prune', { env })).json).toMatchObject({ result: 'deployed', orphans: [] });
  expect((await app.run('destroy app --target dev --yes', { env })).code).toBe(0);
});

test('a release that somebody made reads nothing here that nothing here says, and none of its commands is run', async () => {
  const app = appWith({ 'atmos.yaml': 'base_path: ""\n', 'deployments/app.yaml': deployment('plain') });
  const theirs = cloneShop(app);
  theirs.commit('deployments/app.yaml', (text) => text.replace('TOKEN: !env GIVEN_TOKEN', 'TOKEN: !env HOST_TOKEN'));
  const made = await theirs.ask('release app --target dev', { env: { ...env, HOST_TOKEN: 'none' } });
  theirs.commit('deployments/app.yaml', (text) => text.replace('password: plain', `password: !exec "touch ${app.dir}/ran; printf x"`));
  const running = await theirs.ask('release app --target dev', { env: { ...env, HOST_TOKEN: 'none' } });
  theirs.git('push', '--quiet', 'origin', 'HEAD:refs/heads/theirs', 'refs/atmos/*:refs/atmos/*');
  app.git('fetch', '--quiet', 'origin', 'refs/atmos/*:refs/atmos/*');
  const here = { ...env, HOST_TOKEN: 'h0st-token-of-this-machine' };
  const refused = await app.ask(`rollout app --target dev --release ${made.json.digest}`, { env: here });
  expect(refused).toMatchObject({ code: 3, json: { error: { code: 'not-declared', message: expect.stringContaining('HOST_TOKEN') } } });
  rmSync(join(app.dir, 'ran'), { force: true });
  expect((await app.run(`reproduce ${running.json.digest}`, { env: here })).code).not.toBe(0);
  expect(existsSync(join(app.dir, 'ran'))).toBe(false);
});

test.each([
  ['dev.auto.tfvars', 'other = 1\npassword = "changeme"\n'],
  ['terraform.tfvars', '/* c */ password = "changeme"\n'],
  ['x.auto.tfvars', 'password/*c*/ = "changeme"\n'],
  ['x.auto.tfvars.json', '{"a":1, "password": "changeme"}'],
  ['terraform.tfvars.json', '{"pass\\u0077ord"\n:"changeme"}'],
])('a value of the module’s own that would count more than a secret is refused by its file: %s', async (name, text) => {
  const app = appWith({ [`components/terraform/a/${name}`]: text });
  expect(await app.ask('rollout app --target dev', { env })).toMatchObject({
    code: 2,
    json: { error: { code: 'secret-overridden', message: expect.stringContaining(name) } },
  });
});

test('a name that is only a part of the module’s own values is none of them', async () => {
  const text = '# password = 1\nother = {\n  password = "x"\n}\n';
  const app = appWith({
    'components/terraform/a/x.auto.tfvars': text,
    'components/terraform/a/other.tf': 'variable "other" { type = any }\n',
  });
  expect((await app.ask('rollout app --target dev', { env })).json.result).toBe('deployed');
});

test.each(['0012345678', '1e500', `"quoted" ${'$'}{x} %{y} \\`, 'abc', 'of\ntwo lines\t'])(
  'a text stays %j, whatever type the variable has',
  async (value) => {
    const kinds = ['type = any', 'type = string', ''];
    const app = newApp({
      'atmos.yaml': 'base_path: ""\n',
      'components/terraform/a/main.tf': `${kinds.map((kind, at) => `variable "v${at}" { ${kind} }\n`).join('')}output "same" { value = nonsensitive([var.v0, var.v1, var.v2] == [for v in [var.v1, var.v1, var.v1] : v]) }\noutput "length" { value = nonsensitive(length(var.v1)) }\n`,
      'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { vars: { v0: !env V, v1: !env V, v2: !env V } } } }
  targets: { dev: { secrets: { S: { env: V } } } }
`,
    });
    expect((await app.ask('rollout app --target dev', { env: { V: value } })).json.result).toBe('deployed');
    const { outputs } = JSON.parse(app.read('.atmos/state/app/dev/terraform/a/workspaces/dev/terraform.tfstate'));
    expect([outputs.same.value, outputs.length.value]).toEqual([true, [...value].length]);
  },
);

test.each([
  ['another variable of env', 'TOK: !env DB_PASSWORD'],
  ['a template', `TOK: '{{ env "DB_PASSWORD" }}'`],
  ['a chain of them', 'TOK: !env OTHER, OTHER: !env DB_PASSWORD'],
])('!env of what env has as %s is that', async (_, own) => {
  const app = appWith({ 'deployments/app.yaml': deployment('!env TOK').replace('env: {', `env: { ${own},`) });
  const made = await app.ask('release app --target dev', { env });
  const shown = await app.ask(`release show ${made.json.digest}`);
  expect(shown.json.components['terraform/a'].settings.secrets.TF_VAR_password).toEqual({ env: 'DB_PASSWORD' });
});

test('what a command gives to env is given to a whole variable, and is no part of a text', async () => {
  const app = appWith({ 'deployments/app.yaml': deployment('!env PRINTED') });
  const made = await app.ask('release app --target dev', { env });
  const shown = await app.ask(`release show ${made.json.digest}`);
  expect(shown.json.components['terraform/a'].settings.secrets.TF_VAR_password).toEqual({ exec: 'printf %s "$COMMAND_SAYS"' });
  app.commit('deployments/app.yaml', deployment('[!env PRINTED]'));
  expect(await app.ask('release app --target dev', { env })).toMatchObject({ code: 2, json: { error: { code: 'yaml-function' } } });
});

test.each([
  ['prints what is no text', "printf '\\377'", 'not UTF-8'],
  ['prints too much', 'head -c 200000 /dev/zero', 'larger than'],
  ['fails', 'echo "$DB_PASSWORD" >&2; exit 3', 'exit code 3'],
])('a command of env that %s is told, and what it printed is not', async (_, command, message) => {
  const app = appWith({ 'atmos.yaml': `base_path: ""\nenv:\n  PRINTED: !exec ${command}\n` });
  const ran = await app.ask('rollout app --target dev', { env: { ...env, DB_PASSWORD: 'pl4nted-password' } });
  expect(ran.json.error.message).toContain(message);
  expect(ran.stdout + ran.stderr).not.toContain('pl4nted');
});

test.each([
  'echo "$DB_PASSWORD" >&2; exit 3',
  'printf %s "$DB_PASSWORD" | head -c 4',
  'printf %s "$DB_PASSWORD" | rev',
  'echo "\\"$DB_PASSWORD\\""',
])('a command of vars is given no secret: %s', async (command) => {
  const app = appWith({ 'deployments/app.yaml': deployment(`!exec '${command}'`) });
  const ran = await app.ask('release app --target dev', { env: { ...env, DB_PASSWORD: 'p4ss' } });
  expect(ran.stdout + ran.stderr).not.toMatch(/p4ss|ss4p/);
  const objects = app.git('cat-file', '--batch-all-objects', '--batch').toString();
  expect(objects).not.toMatch(/p4ss|ss4p/);
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
