import { expect, test } from 'vitest';
import { validateDeployments, workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, projectOf, repository, scopeOf } from './repository.ts';

const files = (section: string): Record<string, string> => ({
  'atmos.yaml': 'stacks: { name_pattern: "{stage}" }',
  'components/terraform/a/main.tf': '',
  'components/terraform/b/main.tf': 'output "id" { value = 1 }\n',
  'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: , b: } } }',
  'stacks/top.yaml': `vars: { stage: dev, size: 3 }\n\ncomponents:\n  terraform:\n    b: {}\n    a:\n      ${section}\n`,
});

const generated = async (section: string) => (await scopeOf(files(section))).components['terraform/a']?.generated;

const problems = async (section: string): Promise<readonly string[]> => {
  const tree = workingTree(await repository(files(section)));
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  return errors.map((error) => `${error.code} ${placeOf(error)} ${error.message}`);
};

test('a text is a template, also where those of stacks are off, and a map is what the file’s ending says', async () => {
  const section = `generate:
        "README.md": "{{ .atmos_component }} of {{ .atmos_stack }}: {{ .vars.size }}"
        "a.tf":
          locals: { stage: "{{ .vars.stage }}", n: 12345678901234567890, list: [a, 1.5, null, true], map: { "b c": x, d: {} } }
          output: { made: { value: "$\{x}" } }
          resource: { terraform_data: { x: { input: [] } } }
          plain: { a: 1 }
        "b.tfvars": { z: 1, locals: { a: "\\b" } }
        "sub/c.json": { b: [1], a: "{{ .vars.stage }}" }
        "d.yaml": { a: { b: [1, x] } }
        "gone.tf": null`.replaceAll('$\\{', '$' + '{');
  expect(await generated(section)).toEqual({
    'README.md': 'a of dev: 3',
    'a.tf': [
      'locals {',
      '  list = ["a", 1.5, null, true]',
      '  map = {',
      '    "b c" = "x"',
      '    d = {}',
      '  }',
      '  n = 12345678901234567890',
      '  stage = "dev"',
      '}',
      'output "made" {',
      '  value = "$$' + '{x}"',
      '}',
      'plain = {',
      '  a = 1',
      '}',
      'resource "terraform_data" "x" {',
      '  input = []',
      '}',
      '',
    ].join('\n'),
    'b.tfvars': 'locals = {\n  a = "\\u0008"\n}\nz = 1\n',
    'sub/c.json': '{\n  "a": "dev",\n  "b": [\n    1\n  ]\n}\n',
    'd.yaml': expect.stringMatching(/^a:\n {2}b:\n/),
  });
});

test('required versions are one file of Terraform’s, as Atmos calls it', async () => {
  const text = await generated(
    'required_version: ">= 1.5"\n      required_providers: { time: { source: hashicorp/time, version: "~> 0.1" } }',
  );
  expect(JSON.parse(text?.['terraform_override.tf.json'] ?? '')).toEqual({
    terraform: { required_version: '>= 1.5', required_providers: { time: { source: 'hashicorp/time', version: '~> 0.1' } } },
  });
  expect(await generated('vars: {}')).toBeUndefined();
});

test('what is generated is part of the module: its variables, and what is wrong with it', async () => {
  expect(await problems('generate: { "v.tf": { variable: { name: { type: string } } } }')).toEqual([
    expect.stringContaining('the variable "name" has no value'),
  ]);
  expect(await problems('generate: { "v.tf": "terraform {\\n  backend \\"http\\" {}\\n}\\n" }')).toEqual([
    expect.stringMatching(/^backend-in-source components\/terraform\/a\/v\.tf:2/),
  ]);
});

test.each([
  ['generate: { "../x.tf": a }', 'it is not below the component'],
  ['generate: { "/etc/x": a }', 'it is not below the component'],
  ['generate: { "backend.tf.json": {} }', 'this file is reserved: atmos-deployment writes it'],
  ['generate: { "x.tf": [1] }', 'it must be a string or a map'],
  ['generate: { "x.tf": { output: { a: 1 } } }', 'output "a" must be a map'],
  ['generate: { "x.tf": "{{ .vars" }', 'generate.x.tf: '],
  ['generate: { "x.json": { id: !terraform.output b id } }', 'it reads outputs'],
  ['required_providers: { aws: { version: "1" } }', 'the provider "aws" has no source'],
])('what can’t be generated is an error at its line: %s', async (section, message) => {
  const [first = '', ...others] = await problems(section);
  expect(first).toMatch(/^generate stacks\/top\.yaml:7:/);
  expect([first.includes(message), others]).toEqual([true, []]);
});
