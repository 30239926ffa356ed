import { expect, test } from 'vitest';
import { validateDeployments, workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, projectOf, refusal, repository, scopeOf } from './repository.ts';

async function refusedWith(shell: string, more: Readonly<Record<string, string>> = {}, vars = '{}'): Promise<readonly string[]> {
  const tree = workingTree(
    await repository({
      'deployments/app.yaml': `deployment:
  name: app
  components:
    shell:
      job: { vars: ${vars}, settings: { shell: ${shell} } }
    terraform: { a: { vars: { x: "{{ outputs.shell.job.url }}" } } }
`,
      'components/terraform/a/main.tf': 'variable "x" {}\n',
      ...more,
    }),
  );
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  return errors.map((error) => `${error.code} ${placeOf(error)} ${error.message}`);
}

const WHOLE = 'image: node, rollout: a, destroy: b, read: c, outputs: [url]';

test('what a kind of components takes is checked before anything runs', async () => {
  expect(await refusedWith(`{ ${WHOLE} }`)).toEqual([]);
});

test.each([
  [`{ ${WHOLE}, buidl: x }`, 'unknown-key', 'unknown key "buidl" in settings.shell'],
  [`{ ${WHOLE}, build: [x] }`, 'wrong-type', 'settings.shell.build must be a string that is not empty'],
  [`{ ${WHOLE}, inputs: x }`, 'wrong-type', 'settings.shell.inputs must be a list of strings that are not empty'],
  [`{ ${WHOLE}, network: all }`, 'wrong-type', 'settings.shell.network must be one of none, bridge, host'],
  ['{ rollout: a, destroy: b, read: c, outputs: [url] }', 'missing-key', 'settings.shell.image is missing'],
  ['{ image: node, rollout: a, read: c, outputs: [url] }', 'missing-key', 'settings.shell "rollout" requires "destroy"'],
  ['{ image: node, rollout: a, destroy: b, outputs: [url] }', 'missing-key', 'settings.shell "outputs" requires "read"'],
  ['{ image: node, rollout: a, destroy: b, read: c, outputs: [] }', 'missing-key', 'settings.shell "read" requires "outputs"'],
  ['text', 'wrong-type', 'settings.shell must be a map'],
])('settings that can not be meant are an error at their line: %s', async (shell, code, message) => {
  expect(await refusedWith(shell)).toEqual([expect.stringMatching(new RegExp(`^${code} deployments/app.yaml:5:\\d+ shell/job: `))]);
  expect((await refusedWith(shell))[0]).toContain(message);
});

test('settings of another name that is like the kind are told to be meant', async () => {
  const tree = workingTree(
    await repository({
      'deployments/app.yaml':
        'deployment:\n  name: app\n  components: { shell: { job: { settings: { shel: { image: node } } } } }\n  targets: { dev: }\n',
    }),
  );
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  expect(errors).toMatchObject([{ code: 'missing-key', hint: 'settings has "shel": did you mean "shell"?' }]);
});

test('an output that a component does not declare is told before anything runs', async () => {
  const shell = '{ image: node, rollout: a, destroy: b, read: c, outputs: [uri] }';
  expect(await refusedWith(shell)).toEqual([
    expect.stringMatching(/^no-such-output .* terraform\/a reads output "url", which shell\/job does not declare$/),
  ]);
});

test('a kind that there is not is told with the nearest one', async () => {
  const files = { 'deployments/app.yaml': 'deployment:\n  name: app\n  components:\n    shel: { job: }\n' };
  expect(await refusal(scopeOf(files))).toMatchObject({
    code: 'unknown-key',
    message: 'unknown key "shel"',
    hint: 'did you mean "shell"?',
    position: { line: 4 },
  });
});

test.each([
  ['{ shell: "@acme/kind" }', 'wrong-value', '"shell" is built in'],
  ['{ Cdk: "@acme/kind" }', 'wrong-value', 'invalid kind "Cdk"'],
  ['{ cdk: "./kind.js" }', 'wrong-value', 'invalid package name "./kind.js"'],
])('packages with kinds are named as packages are: %s', async (kinds, code, message) => {
  const tree = workingTree(await repository({ 'atmos.yaml': `deployments:\n  kinds: ${kinds}\n` }));
  expect(await refusal(projectOf(tree))).toMatchObject({ code, message, position: { line: 2 } });
});

test('code of packages is denied where commands are', async () => {
  const text = 'deployments:\n  functions: { exec: deny }\n  kinds: { cdk: "@acme/kind" }\n';
  const tree = workingTree(await repository({ 'atmos.yaml': text }));
  expect(await refusal(projectOf(tree))).toMatchObject({ code: 'exec-denied', position: { line: 3 } });
});

test.each([
  ['{ "$(id)": "1" }', 'invalid variable name "$(id)" in env'],
  ['{ a-b: "1" }', 'invalid variable name "a-b" in env'],
  ['{ 1x: "1" }', 'invalid variable name "1x" in env'],
  ['{ ATMOS_PLAN: x }', "the variable ATMOS_PLAN can't be set by env"],
])('a variable that a shell can not set is an error at its line: %s', async (env, message) => {
  const tree = workingTree(
    await repository({
      'deployments/app.yaml': `deployment:
  name: app
  components:
    shell:
      job:
        env: ${env}
        settings: { shell: { image: node } }
`,
    }),
  );
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  expect(errors).toMatchObject([{ code: 'wrong-env', message: `shell/job: ${message}`, position: { line: 6 } }]);
});

test.each([
  ['inputs: [shared/nope]', 'no-source', 'there is nothing in shared/nope'],
  ['inputs: [../x]', 'path-escape', '../x is not in the repository'],
  ['inputs: [/etc/passwd]', 'path-escape', '/etc/passwd is not in the repository'],
])('a path that is not there, or not in the repository, is an error at its line: %s', async (inputs, code, message) => {
  expect(await refusedWith(`{ ${WHOLE}, ${inputs} }`)).toEqual([
    expect.stringMatching(new RegExp(`^${code} deployments/app.yaml:5:\\d+ shell/job: ${message.replaceAll('.', '\\.')}`)),
  ]);
  expect(await refusedWith(`{ ${WHOLE}, inputs: [shared/there, shared] }`, { 'shared/there': 'x' })).toEqual([]);
});

test('a secret in vars of commands is an error where it is their own, and left out where others share it', async () => {
  const files = (own: string): Readonly<Record<string, string>> => ({
    'stacks/top.yaml': 'vars: { shared: !env PASS, plain: 1 }\n',
    'deployments/app.yaml': `deployment:
  name: app
  stacks: [top]
  components:
    shell:
      job: { vars: ${own}, settings: { shell: { image: node, build: a } } }
  targets: { default: { secrets: { TOKEN: { env: PASS } } } }
`,
  });
  const problem = await refusal(scopeOf(files('{ token: !env PASS }')));
  expect([problem.code, placeOf(problem), problem.message]).toEqual([
    'secret-in-vars',
    expect.stringMatching(/^deployments\/app.yaml:6:/),
    expect.stringMatching(/^shell\/job: vars.token is a secret/),
  ]);
  const { components } = await scopeOf(files('{}'));
  expect([components['shell/job']?.sections.vars, components['shell/job']?.secrets]).toEqual([{ plain: 1 }, undefined]);
});
