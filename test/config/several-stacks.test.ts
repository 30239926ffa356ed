import { expect, test } from 'vitest';
import type { JsonObject } from '../../engine/index.ts';
import { refusal, scopeOf, varsOf } from './repository.ts';

const region = (name: string, components: string, more = ''): string => `import: [catalog]
vars: { stage: dev, environment: ${name} }
terraform: { backend_type: s3, backend: { s3: { bucket: state-${name} } } }
components: { terraform: ${components} }
${more}`;

const files = (components: string, stacks = '[east, west]'): Record<string, string> => ({
  'atmos.yaml': 'stacks: { name_pattern: "{environment}-{stage}" }\ntemplates: { settings: { enabled: true } }',
  'deployments/app.yaml': `deployment: { name: app, stacks: ${stacks}, components: { ${components} } }`,
  'stacks/catalog.yaml': 'vars: { company: acme }\n',
  'stacks/limits.yaml': 'vars: { limit: 3 }\n',
  'stacks/east.yaml': region('east', '{ app: { vars: { owner: team-east } }, both: }'),
  'stacks/west.yaml': region('west', '{ queue: { metadata: { component: app } }, both: }', 'overrides: { vars: { owner: team-west } }'),
});

const summary = async (of: Record<string, string>): Promise<unknown> =>
  Object.fromEntries(
    Object.entries((await scopeOf(of)).components).map(([address, { sections }]) => [
      address,
      [sections.workspace, (sections.backend as JsonObject).bucket, sections.vars],
    ]),
  );

test('each of several stacks with names resolves by itself, and those without are imported into each', async () => {
  expect(await summary(files('terraform: { app: , queue: }', '[limits, east, west]'))).toEqual({
    'terraform/app': ['east-dev', 'state-east', { company: 'acme', environment: 'east', limit: 3, owner: 'team-east', stage: 'dev' }],
    'terraform/queue': [
      'west-dev-queue',
      'state-west',
      { company: 'acme', environment: 'west', limit: 3, owner: 'team-west', stage: 'dev' },
    ],
  });
});

test.each(['east-dev', 'east'])('a component that several stacks have is of the one that its section names: %s', async (stack) => {
  const scope = await scopeOf(files(`terraform: { both: { stack: ${stack} } }`));
  expect(scope.components['terraform/both']?.sections).toMatchObject({ workspace: 'east-dev', backend: { bucket: 'state-east' } });
});

test.each([
  ['terraform: { both: }', 'ambiguous-stack', 'terraform/both is in several of the stacks: east-dev, west-dev'],
  ['terraform: { none: }', 'ambiguous-stack', 'none of the stacks has terraform/none'],
  ['terraform: { both: { stack: north } }', 'unknown-stack', 'stack "north" is not declared by the deployment'],
])('what leaves open which stack is meant is an error: %s', async (components, code, message) => {
  expect(await refusal(scopeOf(files(components)))).toMatchObject({
    code,
    message,
    hint: expect.stringContaining('east-dev, west-dev'),
  });
});

test('a file that is declared twice, or whose name is that of another file, is what it is', async () => {
  const of = files('terraform: { app: , queue: , more: }', '[east, east, west, "west/more"]');
  of['stacks/west/more.yaml'] = region('west', '{ more: }');
  const scope = await scopeOf(of);
  expect(Object.values(scope.components).map(({ sections }) => sections.workspace)).toEqual(['east-dev', 'west-dev', 'west-dev-queue']);
});

test('an image is of no stack, unless one has it', async () => {
  const scope = await scopeOf(files('nixpack: { api: { vars: { source: ./api } } }, terraform: { app: }'));
  expect(varsOf(scope, 'nixpack/api')).toEqual({ source: './api' });
});

test('components of several stacks read and wait for each other where the stack is named', async () => {
  const of = files('terraform: { app: , queue: }');
  of['stacks/west.yaml'] = region(
    'west',
    `{ queue: {
  vars: { a: !terraform.output app east-dev id, b: '{{ (atmos.Component "app" "east-dev").outputs.id }}', c: '{{ (atmos.Component "app" "east-dev").vars.owner }}' },
  settings: { depends_on: { 1: { component: app, environment: east } } } } }`,
  );
  const scope = await scopeOf(of);
  expect(scope.components['terraform/queue']?.dependsOn).toEqual(['terraform/app']);
  expect(varsOf(scope, 'terraform/queue')).toMatchObject({ c: 'team-east' });
});

test.each([
  ['vars: { a: !terraform.output app id }', 'reads of stack "west-dev"'],
  ['vars: { a: !terraform.output app west-dev id }', 'reads of stack "west-dev"'],
])('a component of another stack is not read as if it were of one’s own: %s', async (section, message) => {
  const of = files('terraform: { app: , queue: }');
  of['stacks/west.yaml'] = region('west', `{ queue: { ${section} } }`);
  expect(await refusal(scopeOf(of))).toMatchObject({
    message: expect.stringContaining(message),
    hint: expect.stringContaining('"east-dev"'),
  });
});

test.each([
  ['settings: { depends_on: { 1: { component: app } } }', []],
  ['dependencies: { components: [{ name: app, stack: east-dev }] }', ['terraform/app']],
  ['dependencies: { components: [{ name: app, stack: north-dev }] }', []],
])('a component waits for one of another stack only where that is named: %s', async (section, expected) => {
  const of = files('terraform: { app: , queue: }');
  of['stacks/west.yaml'] = region('west', `{ queue: { ${section} } }`);
  expect((await scopeOf(of)).components['terraform/queue']?.dependsOn).toEqual(expected);
});
