import { expect, test } from 'vitest';
import { scopeOf, varsOf } from './repository.ts';

/** The variables of the component `x` of a stack. Each answer is that of Atmos (August 2026). */
async function varsIn(stacks: Readonly<Record<string, string>>, atmos = ''): Promise<unknown> {
  const files = Object.fromEntries(Object.entries(stacks).map(([name, text]) => [`stacks/${name}.yaml`, text]));
  const scope = await scopeOf({
    'atmos.yaml': `stacks: { name_template: "{{ .vars.stage }}" }\ntemplates: { settings: { enabled: true } }\n${atmos}`,
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: } } }',
    ...files,
  });
  const { stage: _, ...vars } = varsOf(scope, 'terraform/x');
  return vars;
}

const top = (x: string, more = ''): { readonly top: string } => ({
  top: `vars: { stage: s }\n${more}\ncomponents: { terraform: { x: ${x} } }`,
});

test('what is to be added to a list has been added to nothing, where a file is reached through another import', async () => {
  const part = (list: string): string => `components: { terraform: { x: { vars: { l: ${list} } } } }`;
  const stacks = { ...top('{}', 'import: [a, imp]'), a: part('[1, 2]'), b: part('!append [b]'), imp: 'import: [b]' };
  expect(await varsIn(stacks)).toEqual({ l: ['b'] });
  expect(await varsIn({ ...stacks, ...top('{}', 'import: [a, b]') })).toEqual({ l: [1, 2, 'b'] });
});

test('null does not take the value of a function away, whose base or stack has it', async () => {
  const base = 'b: { metadata: { type: abstract }, vars: { a: !template "{{ .atmos_component }}!", c: 1 } }';
  const text = `vars: { stage: s, g: !env REGION }\ncomponents: { terraform: { ${base}, x: { metadata: { inherits: [b] }, vars: { a: null, c: null, g: null } } } }`;
  expect(await varsIn({ top: text })).toEqual({ a: 'x!', c: null, g: 'eu-west-1' });
});

test('numbers as keys are what Go prints of them', async () => {
  const keys = 'm: { 0755: a, 1.10: b, 1e3: d, true: e, yes: f, 0x1f: g, 012345678901: h, .5: j, +7: k, "0755x": l, "007": m }';
  expect(await varsIn(top(`{ vars: { ${keys} } }`))).toEqual({
    m: {
      493: 'a',
      '1.1': 'b',
      1000: 'd',
      true: 'e',
      yes: 'f',
      31: 'g',
      '1.2345678901e+10': 'h',
      '0.5': 'j',
      7: 'k',
      '0755x': 'l',
      '007': 'm',
    },
  });
});

test('a text does not begin with line breaks', async () => {
  expect(await varsIn(top('{ vars: { a: "\\nx", b: "\\n\\nx", c: " \\nx", d: "x\\n\\ny" } }'))).toEqual({
    a: 'x',
    b: 'x',
    c: ' \nx',
    d: 'x\n\ny',
  });
});

test('metadata may be a template', async () => {
  const x =
    '{ metadata: { component: "{{ .vars.of }}", tags: ["{{ .vars.of }}"], labels: { k: "{{ .vars.stage }}" } }, vars: { of: net, t: !tags , l: !labels , v: !labels.values } }';
  const scope = await scopeOf({
    'atmos.yaml': 'stacks: { name_template: "{{ .vars.stage }}" }\ntemplates: { settings: { enabled: true } }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: } } }',
    'stacks/top.yaml': top(x).top,
  });
  expect(scope.components['terraform/x']).toMatchObject({
    source: 'components/terraform/net',
    sections: { component: 'net', workspace: 's-x' },
  });
  expect(varsOf(scope, 'terraform/x')).toMatchObject({ t: ['net'], l: { k: 's' }, v: ['s'] });
});

test('templates see what a component is by default, too', async () => {
  const x = `{ metadata: { inherits: [b] }, vars: { all: '{{ .inheritance }} {{ .command }} {{ .remote_state_backend_type }} {{ .required_version }}|{{ .overrides }}' } }`;
  const text = `vars: { stage: s }\ncomponents: { terraform: { b: { metadata: { type: abstract } }, x: ${x} } }`;
  expect(await varsIn({ top: text })).toEqual({ all: '[b] terraform local |map[]' });
});

test('a stack’s name may ask for settings that nobody has', async () => {
  const scope = await scopeOf({
    'atmos.yaml': `stacks: { name_template: '{{ .vars.stage }}{{ get .settings "suffix" }}{{ len .env }}' }`,
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: } } }',
    'stacks/top.yaml': top('{}').top,
  });
  expect(scope.components['terraform/x']?.sections.workspace).toBe('s0');
});

test('what is included is data: its functions are texts', async () => {
  const scope = await scopeOf({
    'atmos.yaml': 'stacks: { name_template: s }',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: } } }',
    'stacks/top.yaml': 'components: { terraform: { x: { vars: { i: !include data.yaml } } } }',
    'data.yaml': 'a: !env HOME\nb: !exec echo hi\nc: !include other.yaml\nd: [!env HOME]\n',
  });
  expect(varsOf(scope, 'terraform/x')).toEqual({ i: { a: 'HOME', b: 'echo hi', c: 'other.yaml', d: ['HOME'] } });
});

test('a profile may be what is usual', async () => {
  const files = {
    'atmos.yaml': 'base_path: ""\nstacks: { name_template: s }\nprofiles: { base_path: prof, default: dev }\n',
    'prof/dev/a.yaml': 'components: { terraform: { command: tofu } }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: } } }',
    'stacks/top.yaml': 'components: { terraform: { x: {} } }',
  };
  expect((await scopeOf(files)).components['terraform/x']?.sections.command).toBe('tofu');
});

test('`component` of a stack that names no base says nothing', async () => {
  const scope = await scopeOf({
    'atmos.yaml': 'stacks: { name_template: s }',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { x: , y: { component: net } } } }',
    'stacks/top.yaml': 'components: { terraform: { x: { component: net }, y: {} } }',
  });
  expect(scope.components['terraform/x']).toMatchObject({ source: 'components/terraform/x', sections: { component: 'x' } });
  expect(scope.components['terraform/y']?.source).toBe('components/terraform/net');
});
