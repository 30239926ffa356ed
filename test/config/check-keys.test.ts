import { expect, test } from 'vitest';
import { placeOf, refusal, scopeOf } from './repository.ts';

const filesWith = (stack: string): Readonly<Record<string, string>> => ({
  'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
  'stacks/top.yaml': stack,
});

test('keys of stacks that differ by one letter from a known one are named, each at its place, before anything runs', async () => {
  const stack = `terraform: { setings: { a: 1 } }
components:
  terraform:
    a:
      var: { x: 2 }
      metadata: { inherit: [b] }
`;
  const error = await refusal(scopeOf(filesWith(stack)));
  expect([error, ...(error.others ?? [])].map((one) => `${one.code} ${placeOf(one)} ${one.message}; ${one.hint}`)).toEqual([
    'unknown-key stacks/top.yaml:1:14 there is no "setings" in "terraform"; did you mean "settings"?',
    'unknown-key stacks/top.yaml:5:7 there is no "var" in component terraform/a; did you mean "vars"?',
    'unknown-key stacks/top.yaml:6:19 there is no "inherit" in "metadata" of terraform/a; did you mean "inherits"?',
  ]);
});

test.each([
  'imports: [x]',
  'compnents: {}',
  'evn: {}',
  'components: { terrafrom: {} }',
  'settings: { validaton: {} }',
  'components: { terraform: { database: {}, vars: { cidr: x } } }',
  'terraform: { settings: { depend_on: [] } }',
  'components: { terraform: { a: { settings: { templats: {} } } } }',
])('so are those of a whole file: %s', async (stack) => {
  expect(await refusal(scopeOf(filesWith(stack)))).toMatchObject({ code: 'unknown-key' });
});

test.each([
  '_vars: &x { a: 1 }',
  'x-vars: {}',
  'team: {}',
  'components: { terraform: { a: { owner: me, metadata: { cost_center: 1 } } } }',
  'components: { terraform: { vrs: {}, a: { vars: { var: 1, setings: 2 } } } }',
])('keys of one’s own are left alone: %s', async (stack) => {
  expect((await scopeOf(filesWith(stack))).components['terraform/a']).toBeDefined();
});
