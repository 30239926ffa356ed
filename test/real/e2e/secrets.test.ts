import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { newApp, newShop, type Shop } from './shop.ts';

const SECRET = 'pl4nted-s3cret/with+odd=chars';
const OTHER = 'another-targets-secret-value';
/** As a private key is: programs write its encodings in lines, too. */
const KEY = Array.from({ length: 16 }, (_, line) => createHash('sha384').update(`${line}`).digest('base64')).join('\n');

/** Every form in which a tool or a file might hold it. */
const FORMS: readonly string[] = [
  SECRET,
  encodeURIComponent(SECRET),
  JSON.stringify(SECRET).slice(1, -1),
  Buffer.from(SECRET).toString('hex'),
  ...[0, 1, 2].map((offset) =>
    Buffer.from(`${'x'.repeat(offset)}${SECRET}`)
      .toString('base64')
      .slice(4, -4),
  ),
  // Some parts of the key for all.
  ...[KEY, Buffer.from(KEY).toString('base64'), Buffer.from(KEY).toString('hex')].flatMap((text) =>
    [0, 400, 800].map((at) => text.slice(at, at + 20)),
  ),
];

/** A component that reads the secret, prints it in all forms, and keeps it out of its state. */
const LEAKY = `
resource "terraform_data" "leaky" {
  triggers_replace = [timestamp()]
  provisioner "local-exec" {
    command = "echo \\"plain $TOKEN\\"; printf %s \\"$TOKEN\\" | base64; printf %s \\"x$TOKEN\\" | base64; printf %s \\"$TOKEN\\" | od -An -tx1 | tr -d ' \\\\n'; echo; echo \\"$KEY\\"; echo \\"$KEY\\" | base64; printf %s \\"$KEY\\" | od -An -v -tx1 | tr -d ' '; echo \\"other [$OTHER_TOKEN]\\""
  }
}
`;

async function leakyShop(): Promise<Shop> {
  const shop = await newShop();
  shop.commit('components/terraform/network/main.tf', (text) => `${text}${LEAKY}`);
  shop.commit('deployments/payment-service.yaml', (text) =>
    text
      .replace(
        '      labels: { environment: dev }\n',
        '      labels: { environment: dev }\n      secrets: { TOKEN: { env: PLANTED }, KEY: { env: PLANTED_KEY } }\n',
      )
      .replace(
        '      labels: { environment: prod }\n',
        '      labels: { environment: prod }\n      secrets: { OTHER_TOKEN: { env: OTHER_PLANTED } }\n',
      ),
  );
  return shop;
}

function filesBelow(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test.each(['bubblewrap', 'docker', 'podman'])(
  'a secret is in no output, file, record or release of a rollout in %s, in whatever encoding',
  async (runtime) => {
    const shop = await leakyShop();
    const env = { PLANTED: SECRET, PLANTED_KEY: KEY, OTHER_PLANTED: OTHER };
    const ran = await shop.run(`--verbose rollout payment-service --target dev --runtime ${runtime}`, { env });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('plain ***');
    expect(ran.stderr).toContain('other []');
    const shown = await Promise.all(
      ['--format json history payment-service', '--format json status payment-service', 'releases'].map((args) => shop.run(args)),
    );
    const texts = [ran, ...shown].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    const files = [...filesBelow(shop.dir), ...filesBelow(shop.remote)];
    expect(files.length).toBeGreaterThan(100);
    const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd: shop.dir, maxBuffer: 1 << 30 }).toString(
      'latin1',
    );
    for (const form of FORMS) {
      for (const text of texts) expect(text).not.toContain(form);
      expect(objects).not.toContain(form);
      expect(files.filter((file) => readFileSync(file).includes(form))).toEqual([]);
    }
  },
);

test('a secret that is not set is told by the names, before anything is recorded', async () => {
  const shop = await leakyShop();
  const ran = await shop.ask('rollout payment-service --target dev', { env: { PLANTED: '', PLANTED_KEY: KEY } });
  expect(ran.code).toBe(0);
  const without = await shop.ask('rollout payment-service --target dev --all', {
    env: { ...process.env, PLANTED_KEY: KEY, PLANTED: undefined as never },
  });
  expect(without.code).toBe(4);
  expect(without.json.error).toMatchObject({
    code: 'missing-secret',
    message: 'secret TOKEN of target dev comes from the variable PLANTED, which is not set',
  });
});

test('an output that is sensitive is in no log and no event, whoever reads it', async () => {
  const value = 's3ns1tive/outp+ut';
  const app = newApp({
    'components/terraform/a/main.tf': `resource "terraform_data" "a" { input = "${value}" }
output "pw" {
  value     = { password = terraform_data.a.output }
  sensitive = true
}
`,
    'components/terraform/b/main.tf': `variable "pw" { type = string }
resource "terraform_data" "b" {
  provisioner "local-exec" {
    command     = "echo got $PW; echo $PW | base64"
    environment = { PW = var.pw }
  }
}
`,
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: , b: { vars: { pw: !terraform.output a .pw.password } } } }
  phases: { verify: [ { name: shout, image: ${COMMAND}, run: "echo verifying $PW", env: { PW: !terraform.output a .pw.password } } ] }
  targets: { dev: }
`,
  });
  const ran = await app.run('--verbose rollout app --target dev');
  expect([ran.code, ran.stderr.includes('got ***')]).toEqual([0, true]);
  const verified = await app.run('--verbose --log-format json verify app --target dev');
  expect([verified.code, verified.stderr.includes('verifying ***')]).toEqual([0, true]);
  const logs = filesBelow(join(app.dir, '.atmos/logs')).map((file) => readFileSync(file, 'utf8'));
  expect(logs).toHaveLength(2);
  for (const text of [ran.stderr, verified.stderr, verified.stdout, ...logs]) {
    expect(text).not.toContain(value);
    expect(text).not.toContain(Buffer.from(value).toString('base64').slice(0, -4));
  }
});

test('a sensitive output is in no error and no warning of whoever reads it', async () => {
  const value = 's3ns1tive-in-a-message';
  const app = newApp({
    'components/terraform/a/main.tf': `output "pw" {\n  value     = "${value}"\n  sensitive = true\n}\n`,
    'components/terraform/b/main.tf': `variable "pw" {
  type = string
  validation {
    condition     = length(var.pw) < 3
    error_message = "bad value \${var.pw}"
  }
}
`,
    'components/terraform/c/main.tf': `variable "pw" { type = string }
check "short" {
  assert {
    condition     = length(var.pw) < 3
    error_message = "not short: \${var.pw}"
  }
}
`,
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: , b: { vars: { pw: !terraform.output a pw } }, c: { vars: { pw: !terraform.output a pw } } } }
  targets: { dev: }
`,
  });
  for (const verb of ['rollout', 'plan']) {
    for (const format of ['table', 'json']) {
      const failed = await app.run(`--format ${format} ${verb} app --target dev --keep-going`);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain('bad value ***');
      expect(failed.stdout + failed.stderr).not.toContain(value);
    }
  }
  const warned = await app.run('rollout app --target dev --component c');
  expect([warned.code, warned.stdout + warned.stderr]).toEqual([0, expect.stringContaining('not short: ***')]);
});

test.each(['true', 'null', '": {', '127b', 'terraform', 'applied'])(
  'a secret that is a word of ours, %j, changes nothing of what we say',
  async (value) => {
    const app = newApp({
      'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
      'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: } }
  targets: { dev: { secrets: { TOKEN: { env: PLANTED } } } }
`,
    });
    const ran = await app.ask('rollout app --target dev', { env: { PLANTED: value } });
    expect(ran.json).toMatchObject({ result: 'deployed', components: { 'terraform/a': { action: 'applied', began: true } } });
    expect(ran.json.release).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await app.ask('plan app --target dev', { env: { PLANTED: value } })).json).toBeDefined();
  },
);

test.each([
  ['!env within a map', 'password: { of: !env PLANTED }'],
  ['!env within a list', 'password: [!env PLANTED]'],
  ['a template around it', `password: '{{ env "PLANTED" | upper }}'`],
  ['part of a template', `password: 'x-{{ getenv "PLANTED" }}'`],
  ['!exec', 'password: !exec echo "$PLANTED"'],
  ['!exec, encoded,', 'password: !exec printf %s "$PLANTED" | base64'],
  ['another variable of its value', 'password: !env ALIAS'],
  ['!env with a secret of another target', 'password: !env OTHER'],
])('a secret that %s would put into a release is refused at its line, and is in Git nowhere', async (_, line) => {
  const app = newApp({
    'atmos.yaml': 'base_path: ""\ntemplates: { settings: { enabled: true } }\n',
    'components/terraform/a/main.tf': 'variable "password" { type = string }\n',
    'deployments/app.yaml': `deployment:
  name: app
  components:
    terraform:
      a:
        vars:
          ${line}
  targets:
    dev: { secrets: { TF_VAR_token: { env: PLANTED } } }
    prod: { secrets: { TOKEN: { env: OTHER } } }
`,
  });
  const env = { PLANTED: 'pl4nted-value-of-it', ALIAS: 'pl4nted-value-of-it', OTHER: '0ther-value-of-it' };
  for (const verb of ['validate app', 'plan app --target dev', 'rollout app --target dev']) {
    const refused = await app.ask(verb, { env });
    expect(refused).toMatchObject({ code: 2, json: { error: { line: 7 } } });
    expect(refused.json.error.message).toMatch(/a secret of target (dev|prod)/);
    expect(refused.stdout + refused.stderr).not.toMatch(/pl4nted|0ther/);
  }
  const objects = app
    .git('cat-file', '--batch-all-objects', '--batch-check')
    .split('\n')
    .map((one) => one.split(' ')[0] ?? '');
  for (const id of objects) expect(app.git('cat-file', '-p', id)).not.toMatch(/pl4nted|0ther/);
});
