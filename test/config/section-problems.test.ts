import { expect, test } from 'vitest';
import { validateDeployments, withoutDisabled, workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, projectOf, repository, scopeOf } from './repository.ts';

async function refusedIn(section: string, metadata = '{}'): Promise<readonly string[]> {
  const tree = workingTree(
    await repository({
      'atmos.yaml': '{}',
      'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
      'components/terraform/a/main.tf': '',
      'stacks/top.yaml': `components:\n  terraform:\n    a:\n      metadata: ${metadata}\n      ${section}\n`,
    }),
  );
  const { errors } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  return errors.map((error) => `${error.code} ${placeOf(error)} ${error.message}`);
}

test.each(['hooks: {}', 'generate: { "made.tf": null }', 'settings: { validation: { small: { disabled: true } } }'])(
  'what asks for nothing is no error: %s',
  async (section) => {
    expect(await refusedIn(section)).toEqual([]);
  },
);

test.each([
  ['settings: { depends_on: { 1: { componnt: b } } }', '5:36', 'settings.depends_on'],
  ['settings: { depends_on: b }', '5:19', 'settings.depends_on'],
  ['settings: { depends_on: { b: {} } }', '5:33', 'settings.depends_on'],
  ['dependencies: { components: [{ stack: dev }] }', '5:23', 'dependencies.components'],
])('a dependency that names nothing is an error at its line: %s', async (section, _place, key) => {
  expect(await refusedIn(section)).toEqual([
    expect.stringMatching(new RegExp(`^wrong-dependency stacks/top.yaml:5:\\d+ terraform/a: ${key} names no component`)),
  ]);
});

test('a dependency on files, folders and components of elsewhere is none', async () => {
  const section = 'settings: { depends_on: [{ file: x.json }, { folder: src }, other, { component: c, stack: prod }] }';
  expect(await refusedIn(section)).toEqual([]);
});

test.each([
  ['"{{ eq .vars.on \\"no\\" }}"', true],
  ['"{{ eq .vars.on \\"yes\\" }}"', false],
])('whether a component is enabled may come of a template: %s', async (enabled, isDisabled) => {
  const scope = await scopeOf({
    'atmos.yaml': 'templates: { settings: { enabled: true } }',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
    'stacks/top.yaml': `vars: { on: yes }\ncomponents: { terraform: { a: { vars: { on: "yes" }, metadata: { enabled: ${enabled} } } } }`,
  });
  expect(withoutDisabled(scope).disabled ?? []).toEqual(isDisabled ? ['terraform/a'] : []);
});

test('a component that is disabled asks for nothing', async () => {
  expect(await refusedIn('generate: { "made.tf": "x" }', '{ enabled: false }')).toEqual([]);
});

test('what is disabled is in nothing that is made of a target, and named', async () => {
  const scope = await scopeOf({
    'deployments/app.yaml':
      'deployment: { name: app, stacks: [top], components: { terraform: { a: , b: { metadata: { depends_on: [a] } } } } }',
    'stacks/top.yaml': 'components: { terraform: { a: { metadata: { enabled: false } }, b: {} } }',
  });
  const { components, disabled } = withoutDisabled(scope);
  expect([Object.keys(components), disabled]).toEqual([['terraform/b'], ['terraform/a']]);
});

test.each([
  ['{ enabled: no }', 'enabled'],
  ['{ enabled: "false" }', 'enabled'],
  ['{ locked: yes }', 'locked'],
  ['{ locked: 1 }', 'locked'],
])('what is neither true nor false is no switch: %s', async (metadata, key) => {
  expect(await refusedIn('vars: {}', metadata)).toEqual([
    `wrong-type stacks/top.yaml:4:19 terraform/a: metadata.${key} must be true or false`,
  ]);
});

test('a backend whose type nobody says is not taken for a local one', async () => {
  expect(await refusedIn('backend: { s3: { bucket: b } }')).toEqual([
    expect.stringMatching(/^missing-backend stacks\/top\.yaml:5:\d+ terraform\/a: "backend" is set, but "backend_type" is not$/),
  ]);
});
