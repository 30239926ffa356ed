import { expect, test } from 'vitest';
import { workingTree } from '../../config/index.ts';
import { OPTIONS, refusal, repository, scopeFrom } from './repository.ts';

const PASS = 'Sup3rSecretPassw0rd';
const env = {
  PASS,
  SEVEN: 's3ven-7',
  URL: `postgres://u:${PASS}@h/db`,
  B64: Buffer.from(PASS).toString('base64'),
  SAME: 's3ven-7',
  OTHER: 'a-s3ven-7',
  KEY: '-----BEGIN KEY-----\nabcdefghijkl\nmnop\n-----END KEY-----\n',
  BLOCK: 'key: |\n  -----BEGIN KEY-----\n  abcdefghijkl\n  mnop\n  -----END KEY-----\n',
  TOML: 'key = "\\u0053up3rSecretPassw0rd"',
};

const resolved = async (vars: string, hide?: (values: readonly string[]) => void) => {
  const root = await repository({
    'atmos.yaml': '',
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { vars: ${vars} } } }
  targets: { default: { secrets: { PASS: { env: PASS }, SEVEN: { env: SEVEN }, KEY: { env: KEY } } }, other: }
`,
  });
  const options = { ...OPTIONS, env, root, ...(hide === undefined ? {} : { hide }) };
  return scopeFrom(workingTree(root), 'default', options);
};

test.each([
  ['in a longer text', `{ x: '{{ env "URL" }}' }`],
  ['in base64', `{ x: '{{ env "B64" }}' }`],
  ['in a block of YAML', `{ x: '{{ (data.YAML (env "BLOCK")).key | toJson }}' }`],
  ['with escapes of TOML', `{ x: '{{ (data.TOML (env "TOML")).key }}' }`],
  ['under another name', `{ x: !env SAME }`],
  ['by a command', `{ x: !exec "echo ${PASS.slice(0, 5)}''${PASS.slice(5)}" }`],
  ['by a command, encoded', `{ x: !exec "echo ${env.B64}" }`],
  ['by a command, though it is short', '{ x: !exec "echo s3ven-7" }'],
])('the value of a secret is refused %s', async (_how, vars) => {
  const error = await refusal(resolved(vars));
  expect(error.message).toMatch(/a secret of target default/);
});

test('variables in a text are put in, and a secret among them is refused', async () => {
  const scope = await resolved(`{ x: '{{ expandenv "$OTHER/\${OTHER}-$NONE." }}' }`);
  expect(scope.components['terraform/a']?.sections.vars).toEqual({ x: 'a-s3ven-7/a-s3ven-7-.' });
  expect((await refusal(resolved(`{ x: '{{ expandenv "is $PASS" }}' }`))).message).toMatch(/a secret of target default/);
});

test('a short secret within another word is there by chance', async () => {
  expect((await resolved(`{ x: '{{ env "OTHER" }}' }`)).components['terraform/a']?.sections.vars).toEqual({ x: 'a-s3ven-7' });
});

test('whoever shows errors learns of all secrets before anything is evaluated', async () => {
  const hidden: string[] = [];
  await refusal(resolved(`{ x: '{{ fail "no" }}' }`, (values) => void hidden.push(...values)));
  expect(hidden).toEqual([PASS, 's3ven-7', env.KEY]);
});

test('what is included lies in the repository', async () => {
  const root = await repository({
    'atmos.yaml': '',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
    'stacks/top.yaml': 'components: { terraform: { a: { vars: { x: !include ../../../../../../proc/self/environ } } } }',
  });
  expect(await refusal(scopeFrom(workingTree(root), 'default'))).toMatchObject({
    code: 'path-escape',
    position: { file: 'stacks/top.yaml' },
  });
});
