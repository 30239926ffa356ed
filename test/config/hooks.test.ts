import { expect, test } from 'vitest';
import { validateDeployments, workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, projectOf, repository, scopeOf } from './repository.ts';

const files = (hooks: string, reader = '{}', more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'atmos.yaml': `stacks: { name_template: "acme-dev" }
templates: { settings: { enabled: true } }
stores:
  shared: { type: redis, options: { prefix: p, stack_delimiter: "-" } }
  vault: { type: google-secret-manager }
`,
  'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { net/a: , b: } } }',
  'components/terraform/net/a/main.tf': 'output "id" { value = "x" }\n',
  'components/terraform/b/main.tf': 'variable "id" { default = "" }\n',
  'stacks/top.yaml': `components:
  terraform:
    net/a:
      hooks:
        keep: ${hooks}
    b: { vars: ${reader} }
`,
  ...more,
});

async function wrong(hooks: string, reader?: string): Promise<readonly string[]> {
  const tree = workingTree(await repository(files(hooks, reader)));
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  return errors.map((error) => `${error.code} ${placeOf(error)} ${error.message}`);
}

test.each([
  '{ events: [after-terraform-apply], command: store, name: shared, outputs: { id: .id } }',
  '{ events: [after.terraform.deploy], kind: store, name: shared, when: success, outputs: { id: .id, by: us } }',
  '{ kind: store, name: shared, outputs: { id: .id } }',
  'null',
])('a hook that puts outputs into a store after an apply is no error: %s', async (hook) => {
  expect(await wrong(hook)).toEqual([]);
});

test.each([
  [
    '{ kind: command, command: echo }',
    'not-supported stacks/top.yaml:5:9 terraform/net/a: hook "keep": hooks of kind "command" are not supported',
  ],
  [
    '{ events: [after-terraform-apply], command: infracost }',
    'not-supported stacks/top.yaml:5:9 terraform/net/a: hook "keep": hooks of kind "infracost" are not supported',
  ],
  [
    '{ kind: store, events: [before-terraform-plan], name: shared }',
    'not-supported stacks/top.yaml:5:30 terraform/net/a: the hook "keep" has an unsupported event: before-terraform-plan',
  ],
  [
    '{ kind: store, when: always, name: shared }',
    'not-supported stacks/top.yaml:5:30 terraform/net/a: the hook "keep" can only run on success',
  ],
  ['{ kind: store, name: shard }', 'wrong-hook stacks/top.yaml:5:30 terraform/net/a: the hook "keep" names no store of atmos.yaml'],
  [
    '{ kind: store, name: vault }',
    'not-supported stacks/top.yaml:5:30 terraform/net/a: the hook "keep" writes to a store of type "google-secret-manager"',
  ],
  [
    '{ kind: store, name: shared, outputs: { k: .di } }',
    'no-such-output stacks/top.yaml:5:55 terraform/net/a: the hook "keep" stores the output "di", which its module does not declare',
  ],
  [
    '{ kind: store, name: shared, outputs: { k: .id.x } }',
    `not-supported stacks/top.yaml:5:55 terraform/net/a: "k" of the hook "keep" is .id.x, and may be an output's name`,
  ],
  [
    '{ kind: store, name: shared, outputs: [a] }',
    'wrong-hook stacks/top.yaml:5:44 terraform/net/a: "outputs" of the hook "keep" must be a map of keys to outputs',
  ],
  ['yes', 'wrong-hook stacks/top.yaml:5:9 terraform/net/a: the hook "keep" must be a map { events, kind, name, outputs }'],
])('a hook that is not run here is an error at its line: %s', async (hook, message) => {
  expect(await wrong(hook)).toEqual([message]);
});

const HOOK = '{ kind: store, name: shared, outputs: { id: .id, by: us } }';

test('a hook is plain data, under the keys that Atmos has', async () => {
  const { components } = await scopeOf(files(HOOK));
  expect(components['terraform/net/a']?.hooks).toEqual([
    { name: 'keep', store: 'shared', values: { 'p/acme/dev/net/a/id': { output: 'id' }, 'p/acme/dev/net/a/by': { value: 'us' } } },
  ]);
});

test.each([
  ['{ id: !store shared net/a id }', '{{ stored "terraform/net/a" "id" "" }}'],
  ['{ id: !store shared acme-dev net/a id | default none }', '{{ stored "terraform/net/a" "id" "" "none" }}'],
  [`{ id: '{{ atmos.Store "shared" .stack "net/a" "id" }}' }`, '{{ stored "terraform/net/a" "id" "" }}'],
])('who reads a key that a hook of the target writes reads the output, and waits for it: %s', async (reader, template) => {
  const { components } = await scopeOf(files(HOOK, reader));
  expect(components['terraform/b']?.sections.vars).toEqual({
    id: { $deferred: { template, needs: [{ component: 'terraform/net/a', field: 'id' }] } },
  });
  expect(components['terraform/b']?.dependsOn).toEqual(['terraform/net/a']);
});

test.each(['{ id: !store shared net/a by }', `{ id: '{{ atmos.Store "shared" .stack "net/a" "by" }}' }`])(
  'a text that a hook writes is known at once: %s',
  async (reader) => {
    const hook = '{ kind: store, name: shared, outputs: { by: "{{ .atmos_stack }}!" } }';
    expect((await scopeOf(files(hook, reader))).components['terraform/b']?.sections.vars).toEqual({ id: 'acme-dev!' });
  },
);

test.each(['{ id: !store shared acme-prod net/a id }', '{ id: !store shared net id }'])(
  'any other key is read of its store: %s',
  async (reader) => {
    const { components } = await scopeOf(files(HOOK, reader));
    expect(JSON.stringify(components['terraform/b']?.sections.vars)).toContain('{{ store \\"shared\\"');
    expect(components['terraform/b']?.dependsOn).toEqual([]);
  },
);

test('a component that is disabled puts nothing into a store, and one does not wait for itself', async () => {
  const disabled = files(HOOK, '{ id: !store shared net/a id }', {
    'stacks/top.yaml': `components: { terraform: { net/a: { metadata: { enabled: false }, hooks: { keep: ${HOOK} } }, b: { vars: { id: !store shared net/a id } } } }\n`,
  });
  expect((await scopeOf(disabled)).components['terraform/b']?.dependsOn).toEqual([]);
  const own = files(HOOK, '{}', {
    'components/terraform/net/a/main.tf': 'variable "before" {}\noutput "id" { value = "x" }\n',
    'stacks/top.yaml': `components: { terraform: { b: {}, net/a: { vars: { before: !store shared net/a id }, hooks: { keep: ${HOOK} } } } }\n`,
  });
  expect((await scopeOf(own)).components['terraform/net/a']?.dependsOn).toEqual([]);
});
