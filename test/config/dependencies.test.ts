import { expect, test } from 'vitest';
import { refusal, scopeOf } from './repository.ts';

/** What `terraform/a` of a stack waits for, where the deployment has `a`, `b`, `c` and an image `b`. */
async function waitsFor(
  component: string,
  settings = 'settings: { depends_on: { 9: { component: c, stage: prod } } }',
): Promise<readonly string[]> {
  const scope = await scopeOf({
    'atmos.yaml': 'stacks: { name_pattern: "{tenant}-{stage}" }\ntemplates: { settings: { enabled: true } }',
    'deployments/app.yaml':
      'deployment: { name: app, stacks: [top], components: { terraform: { a: , b: , c: }, nixpack: { b: { vars: { source: ./b } } } } }',
    'stacks/top.yaml': `vars: { tenant: t, stage: dev }
${settings}
components:
  terraform:
    base: { metadata: { type: abstract }, settings: { depends_on: { 1: { component: c } } } }
    a: ${component}
    outside: {}
`,
  });
  return scope.components['terraform/a']?.dependsOn ?? [];
}

test.each([
  ['dependencies: { components: [{ name: b }] }', ['terraform/b']],
  ['dependencies: { components: [{ component: b }, { component: c }] }', ['terraform/b', 'terraform/c']],
  ['dependencies: { components: [{ name: b, kind: nixpack }] }', ['nixpack/b']],
  ['dependencies: { components: [{ component: b, type: nixpack }] }', ['nixpack/b']],
  ['dependencies: { components: [{ name: b, stack: t-dev }, { name: c, stack: "t-{{ .vars.stage }}" }] }', ['terraform/b', 'terraform/c']],
  ['dependencies: { components: [{ name: b, stack: t-prod }] }', []],
  ['dependencies: { components: [b], files: [x.json], folders: [src] }', ['terraform/b']],
  ['settings: { depends_on: { 1: { component: b }, 2: { file: x.json }, 3: { folder: src } } }', ['terraform/b']],
  ['settings: { depends_on: [{ component: b }, c] }', ['terraform/b', 'terraform/c']],
  ['settings: { depends_on: { 1: { component: b, tenant: t, stage: dev } } }', ['terraform/b']],
  ['settings: { depends_on: { 1: { component: b, stage: prod } } }', []],
  ['metadata: { inherits: [base] }', ['terraform/c']],
  ['metadata: { inherits: [base] }, settings: { depends_on: { 1: { component: b } } }', ['terraform/b']],
  ['metadata: { depends_on: [b] }, settings: { depends_on: { 1: { component: c } } }', ['terraform/b', 'terraform/c']],
  // Neither is the deployment's to roll out.
  ['dependencies: { components: [{ name: outside }, { name: chart, kind: helmfile }] }', []],
])('a component waits for what its stack says: %s', async (section, expected) => {
  expect(await waitsFor(`{ ${section} }`)).toEqual(expected);
});

test.each([
  ['depends_on: [b]', ['terraform/b']],
  ['depends_on: { 1: { component: b }, 2: { component: c, stage: prod } }', ['terraform/b']],
  ['depends_on: [b], settings: { depends_on: [c] }', ['terraform/c']],
  ['metadata: { inherits: [base] }, depends_on: [b]', ['terraform/c']],
])('a component waits for what it says itself, where its settings say nothing: %s', async (section, expected) => {
  expect(await waitsFor(`{ ${section} }`, 'settings: {}')).toEqual(expected);
});

test('what waits for one another in stacks is an error that names the circle', async () => {
  const files = {
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: , b: } } }',
    'stacks/top.yaml': `components:
  terraform:
    a: { dependencies: { components: [{ name: b }] } }
    b: { settings: { depends_on: { 1: { component: a } } } }
`,
  };
  expect(await refusal(scopeOf(files))).toMatchObject({
    code: 'dependency-cycle',
    message: expect.stringMatching(/terraform\/[ab] → terraform\/[ab]/),
  });
});
