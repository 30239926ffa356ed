import { expect, test } from 'vitest';
import { validateDeployments, workingTree } from '../../config/index.ts';
import type { AtmosError } from '../../engine/index.ts';
import { OPTIONS, placeOf, projectOf, repository } from './repository.ts';

const NETWORK = `variable "cidr" { type = string }
variable "zones" {
  type    = list(string)
  default = []
}
variable "size" {
  type    = number
  default = 1
}
variable "public" {
  type    = bool
  default = false
}
variable "tags" {
  type    = map(string)
  default = {}
}
output "id" { value = 1 }
`;

/** What is wrong with a component `a` that stacks have, whose module is the network's; `b` reads of it. */
async function wrong(a: string, more?: Parameters<typeof validated>[1]): Promise<readonly string[]> {
  return (await validated(a, more)).errors;
}

async function validated(a: string, { b = '{}', more = {}, metadata = '{ component: net }' } = {}) {
  const tree = workingTree(
    await repository({
      'atmos.yaml': 'templates: { settings: { enabled: true } }',
      'components/terraform/net/main.tf': NETWORK,
      'components/terraform/b/main.tf': 'variable "of_a" { default = 1 }\n',
      'deployments/app.yaml': 'deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { a: , b: } }\n',
      'stacks/top.yaml': `vars: { stage: dev }\ncomponents:\n  terraform:\n    b: ${b}\n    a:\n      metadata: ${metadata}\n      vars: ${a}\n`,
      ...more,
    }),
  );
  const { errors, warnings } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  const told = (all: readonly AtmosError[]): readonly string[] =>
    all.map((error) => `${error.code} ${placeOf(error)} ${error.message} (${error.hint})`);
  return { errors: told(errors), warnings: told(warnings) };
}

test('what a module takes and what it does not declare is no error', async () => {
  expect(await wrong('{ cidr: 10.0.0.0/8, zones: [a], size: "3", public: "true", tags: {}, unknown: 1 }')).toEqual([]);
  expect(await wrong('{ cidr: 12, zones: null, size: 1.5 }')).toEqual([]);
  expect(await wrong('{ cidr: 9007199254740993, size: 123456789012345678901234567890 }')).toEqual([]);
});

test.each([
  [
    '{ cdir: 10.0.0.0/8 }',
    [
      'missing-variable stacks/top.yaml:7:15 terraform/a: the variable "cidr" has no value; "cdir" is not one of its variables (did you mean "cidr"?)',
    ],
  ],
  [
    '{ other: 1 }',
    [
      expect.stringMatching(
        /^missing-variable stacks\/top\.yaml:7:13 terraform\/a: the variable "cidr" has no value \(set it: vars: \{ cidr: … \}\)$/,
      ),
    ],
  ],
  [
    '{ cidr: [a] }',
    ['wrong-type stacks/top.yaml:7:15 terraform/a: the variable "cidr" must be a string (its module declares type string, got a list)'],
  ],
  [
    '{ cidr: a, size: many }',
    ['wrong-type stacks/top.yaml:7:24 terraform/a: the variable "size" must be a number (its module declares type number, got "many")'],
  ],
  ['{ cidr: a, zones: b }', [expect.stringContaining('the variable "zones" must be a list')]],
  ['{ cidr: a, tags: 9007199254740993 }', [expect.stringContaining('the variable "tags" must be a map')]],
  ['{ cidr: a, tags: [b] }', [expect.stringContaining('the variable "tags" must be a map')]],
  ['{ cidr: a, public: maybe }', [expect.stringContaining('the variable "public" must be true or false')]],
])('a value that a module does not take is told at its line: %s', async (vars, expected) => {
  expect(await wrong(vars)).toEqual(expected);
});

test('a variable that is set for one component and that its module does not declare is warned of, one of the whole stack is not', async () => {
  expect((await validated('{ cidr: a, unlike: 1, siz: 2 }')).warnings).toEqual([
    'undeclared-variable stacks/top.yaml:7:35 terraform/a: its module does not declare the variable "siz" (did you mean "size"?)',
    'undeclared-variable stacks/top.yaml:7:24 terraform/a: its module does not declare the variable "unlike" (Terraform ignores it; only templates read it)',
  ]);
});

test('a template is warned of where templates are off, and what comes of others is none', async () => {
  const off = { 'atmos.yaml': '' };
  const { warnings } = await validated('{ cidr: "{{ .vars.stage }}", tags: { a: "x{{" } }', { more: off });
  expect(warnings).toEqual([
    'templates-off stacks/top.yaml:7:15 terraform/a: vars.cidr has a template, but templates are disabled: it is used as written (enable them in atmos.yaml: templates: { settings: { enabled: true } })',
  ]);
  expect((await validated('{ cidr: a }', { more: off, b: '{ vars: { of_a: !terraform.output a id } }' })).warnings).toEqual([]);
});

test('of a variable that a function takes away, that a template names, or that a file of OpenTofu declares nothing is said', async () => {
  const quiet = async (a: string, more?: Parameters<typeof validated>[1]) => (await validated(a, more)).warnings;
  expect(await quiet('{ cidr: a, gone: !unset x }')).toEqual([]);
  expect(await quiet('{ "{{ .settings.key }}": a }', { metadata: '{ component: net }\n      settings: { key: cidr }' })).toEqual([]);
  const files = { 'components/terraform/net/more.tofu': 'variable "extra" { default = 1 }\n' };
  expect(await quiet('{ cidr: a, extra: 2 }', { more: files, metadata: '{ component: net }\n      command: tofu' })).toEqual([]);
  expect(await quiet('{ cidr: a, extra: 2 }', { more: files })).toHaveLength(1);
});

test('a variable may have its value from the environment, a secret, or a file of the module', async () => {
  const stack = (more: string): Record<string, string> => ({
    'stacks/top.yaml': `components: { terraform: { b: {}, a: { metadata: { component: net }, ${more} } } }`,
  });
  expect(await wrong('{}', { more: stack('env: { TF_VAR_cidr: a }') })).toEqual([]);
  expect(await wrong('{}', { more: { 'components/terraform/net/own.auto.tfvars': 'cidr = "a"\n' } })).toEqual([]);
  expect(await wrong('{}', { more: { 'components/terraform/net/terraform.tfvars.json': '{ "cidr": "a" }' } })).toEqual([]);
});

test('an output that nobody declares, a module that is not there, and one that does not hold are told', async () => {
  expect(await wrong('{ cidr: a }', { b: '{ vars: { of_a: !terraform.output a idd } }' })).toEqual([
    expect.stringMatching(
      /^no-such-output stacks\/top\.yaml:4:18 terraform\/b reads output "idd", which terraform\/a does not declare .*did you mean "id"/,
    ),
  ]);
  expect(await wrong('{ cidr: a }', { metadata: '{ component: nett }' })).toEqual([
    expect.stringMatching(
      /^no-source stacks\/top\.yaml:6:19 .*no root module in components\/terraform\/nett \(did you mean "components\/terraform\/net"/,
    ),
  ]);
  expect(await wrong('{ cidr: a }', { more: { 'components/terraform/net/bad.tf': 'resource "x" {\n' } })).toEqual([
    expect.stringMatching(/^invalid-hcl components\/terraform\/net\/bad\.tf:1/),
  ]);
  expect(await wrong('{ cidr: a }', { more: { 'components/terraform/net/b.tf': 'terraform {\n  backend "http" {}\n}\n' } })).toEqual([
    expect.stringMatching(/^backend-in-source components\/terraform\/net\/b\.tf:2:3 /),
  ]);
});

test('what is wrong with some targets alone has their names', async () => {
  const tree = workingTree(
    await repository({
      'atmos.yaml': '',
      'components/terraform/net/main.tf': NETWORK,
      'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { net: } }
  targets:
    dev: { components: { terraform: { net: { vars: { cidr: a } } } } }
    prod: { components: { terraform: { net: { vars: { cidr: [a] } } } } }
`,
    }),
  );
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/the variable "cidr" must be a string \(target prod\)$/)]);
});
