import { expect, test } from 'vitest';
import type { AtmosError } from '../../engine/index.ts';
import { placeOf, scopeOf } from './repository.ts';

const files = (vars: string, reads = '', more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'atmos.yaml': 'stacks: { name_template: "{{ .vars.env }}" }\ntemplates: { settings: { enabled: true } }\n',
  'deployments/app.yaml': `deployment:
  name: app
  stacks: [app]
${reads}
  components: { terraform: { app: , net: } }
`,
  'components/terraform/app/main.tf': 'variable "id" {}\n',
  'components/terraform/net/main.tf': 'output "id" { value = "" }\n',
  'stacks/app.yaml': `vars: { env: dev }
components:
  terraform:
    net: { vars: {} }
    app: { vars: ${vars} }
    vpc: { backend_type: s3, backend: { s3: { bucket: "b-{{ .vars.env }}", key: k } }, env: { AWS_REGION: eu-west-1 }, vars: { cidr: 10.0.0.0/8, wrong: "{{ fail \\"never\\" }}" } }
    disk: { vars: {} }
`,
  'stacks/core.yaml': `vars: { env: core/prod }
terraform: { backend_type: s3, backend: { s3: { bucket: core } } }
components: { terraform: { vpc: { metadata: { terraform_workspace: w }, vars: {} }, net: { vars: {} } } }
`,
  ...more,
});

const BOTH = '  reads: [vpc, { component: terraform/vpc, stack: core }, { component: net, stack: core }]';

test.each([
  ['{ id: !terraform.output vpc id }', '{{ (index outputs.read "dev/terraform/vpc").id }}', 'read/dev/terraform/vpc'],
  ['{ id: !terraform.state "vpc dev .ids[0]" }', '{{ read "dev/terraform/vpc" ".ids[0]" }}', 'read/dev/terraform/vpc'],
  ['{ id: !terraform.output vpc core/prod id }', '{{ (index outputs.read "core+prod/terraform/vpc").id }}', 'read/core+prod/terraform/vpc'],
  ['{ id: !terraform.output net core/prod id }', '{{ (index outputs.read "core+prod/terraform/net").id }}', 'read/core+prod/terraform/net'],
  ['{ id: !terraform.output net id }', '{{ (index outputs.terraform "net").id }}', 'terraform/net'],
  [
    `{ id: '{{ (atmos.Component "vpc" .stack).outputs.id }}' }`,
    '{{ (index outputs.read "dev/terraform/vpc").id }}',
    'read/dev/terraform/vpc',
  ],
  [
    `{ id: '{{ (atmos.Component "vpc" "core/prod").outputs.id }}' }`,
    '{{ (index outputs.read "core+prod/terraform/vpc").id }}',
    'read/core+prod/terraform/vpc',
  ],
])('an output of a component that is somebody else’s is read where it is needed: %s', async (vars, template, component) => {
  const scope = await scopeOf(files(vars, BOTH));
  const { sections, dependsOn } = scope.components['terraform/app'] ?? {};
  const field = template.includes('ids') ? 'ids' : 'id';
  expect(sections?.vars).toMatchObject({ id: { $deferred: { template, needs: [{ component, field }] } } });
  expect(dependsOn).toEqual(component.startsWith('read/') ? [] : [component]);
  expect(Object.keys(scope.reads ?? {})).toEqual(component.startsWith('read/') ? [component] : []);
});

test('what opens its state is as its stack says, and nothing else of it is evaluated', async () => {
  const { reads } = await scopeOf(files('{ id: !terraform.output vpc id, other: !terraform.output vpc core/prod id }', BOTH));
  expect(reads).toEqual({
    'read/dev/terraform/vpc': {
      command: 'terraform',
      workspace: 'dev',
      backend_type: 's3',
      backend: expect.objectContaining({ bucket: 'b-dev', key: 'k' }),
      env: { AWS_REGION: 'eu-west-1' },
    },
    'read/core+prod/terraform/vpc': expect.objectContaining({ workspace: 'w', backend: expect.objectContaining({ bucket: 'core' }) }),
  });
});

test('its sections are there for templates, too', async () => {
  const { components } = await scopeOf(files(`{ id: '{{ (atmos.Component "net" "core/prod").workspace }}' }`, BOTH));
  expect(components['terraform/app']?.sections.vars).toMatchObject({ id: 'core-prod' });
});

test.each([
  ['{ id: !terraform.output vpc id }', '', 'unknown-component stacks/app.yaml:5:42', 'reads: [vpc]'],
  [
    '{ id: !terraform.output vpc core/prod id }',
    '',
    'unknown-component stacks/app.yaml:5:42',
    'reads: [{ component: vpc, stack: <the file of stack core/prod> }]',
  ],
  ['{ id: !terraform.output vpc core/dev id }', BOTH, 'unknown-component stacks/app.yaml:5:42', 'stacks with vpc under "reads"'],
  ['{ id: !terraform.output net core/prod id }', '', 'yaml-function stacks/app.yaml:5:42', 'reads: [{ component: net, stack:'],
  [`{ id: '{{ (atmos.Component "vpc" "core/prod").outputs.id }}' }`, '', 'template stacks/app.yaml:5:', 'reads: [{ component: vpc, stack:'],
  ['{ id: !terraform.output disk id }', '  reads: [disk]', 'not-supported deployments/app.yaml:4:11', 'remote backend'],
  ['{ id: 1 }', '  reads: [vcp]', 'unknown-component deployments/app.yaml:4:11', 'did you mean "vpc"?'],
  ['{ id: 1 }', '  reads: [{ component: vpc, stack: cor }]', 'missing-stack deployments/app.yaml:4:11', 'core'],
])('what can not be read is told with what to write: %s %s', async (vars, reads, where, hint) => {
  const error = (await scopeOf(files(vars, reads)).catch((caught: unknown) => caught)) as AtmosError;
  expect(`${error.code} ${placeOf(error)}`).toContain(where);
  expect(`${error.message} ${error.hint}`).toContain(hint);
});

test('outputs that are written down are read there', async () => {
  const core = {
    'stacks/core.yaml':
      'vars: { env: core }\ncomponents: { terraform: { st: { remote_state_backend_type: static, remote_state_backend: { static: { id: s-1 } } } } }\n',
  };
  const scope = await scopeOf(files('{ id: !terraform.output st core id }', '  reads: [{ component: st, stack: core }]', core));
  expect(scope.components['terraform/app']?.sections.vars).toMatchObject({ id: 's-1' });
  expect(scope.reads).toBeUndefined();
});

test('a target reads of its own', async () => {
  const reads = '  targets: { dev: { reads: [{ component: vpc, stack: core }] } }';
  const scope = await scopeOf(files('{ id: !terraform.output vpc core/prod id }', reads), 'dev');
  expect(Object.keys(scope.reads ?? {})).toEqual(['read/core+prod/terraform/vpc']);
});
