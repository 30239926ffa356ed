import { describe, expect, test } from 'vitest';
import { placeOf, refusal, scopeOf, varsOf } from './repository.ts';

const deployment = (stacks: string, components = 'terraform: { a: }', more = ''): string =>
  `deployment:\n  name: app\n  stacks: ${stacks}\n  components: { ${components} }\n${more}`;

describe('merging', () => {
  test('divides the keys of stacks, templates too, and of nothing else, where atmos.yaml names a delimiter', async () => {
    const scope = await scopeOf({
      'atmos.yaml': 'settings: { yaml: { key_delimiter: "." } }\ntemplates: { settings: { enabled: true } }',
      'deployments/app.yaml': deployment('[top, more]', 'terraform: { a: { vars: { n.o: 1 } } }'),
      'stacks/top.yaml': 'components.terraform.a.vars.tags.team: net\nvars.tags.stage: dev\nvars: { "a.b": 1, file: !include data.yaml }',
      'stacks/more.yaml.tmpl': 'vars.tags.cost: {{ printf "%d" 3 }}',
      'data.yaml': 'x.y: 1',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({
      'a.b': 1,
      'n.o': 1,
      file: { 'x.y': 1 },
      tags: { team: 'net', stage: 'dev', cost: 3 },
    });
  });

  test('goes from globals over kind, bases and component to overrides, then the deployment’s section, then the target’s', async () => {
    const layer = (name: string, from: number): string =>
      `{ ${['global', 'kind', 'base', 'own', 'overrides', 'deployment', 'target'].slice(from).map((key) => `${key}: ${name}`)} }`;
    const scope = await scopeOf(
      {
        'deployments/app.yaml': `deployment:
  name: app
  stacks: [top]
  components: { terraform: { a: { vars: ${layer('deployment', 5)} } } }
  targets: { default: { components: { terraform: { a: { vars: ${layer('target', 6)} } } } } }
`,
        'stacks/top.yaml': `
vars: ${layer('global', 0)}
terraform: { vars: ${layer('kind', 1)} }
overrides: { vars: ${layer('overrides', 4)} }
components:
  terraform:
    base: { metadata: { type: abstract }, vars: ${layer('base', 2)} }
    a: { metadata: { inherits: [base] }, vars: ${layer('own', 3)} }
`,
      },
      'default',
    );
    expect(varsOf(scope, 'terraform/a')).toEqual({
      global: 'global',
      kind: 'kind',
      base: 'base',
      own: 'own',
      overrides: 'overrides',
      deployment: 'deployment',
      target: 'target',
    });
  });

  test('opens the stacks of the selected target only, over the deployment’s', async () => {
    const files = {
      'deployments/app.yaml': deployment(
        '[base]',
        'terraform: { a: }',
        '  targets: { dev: { stacks: [dev] }, prod: { stacks: [prod] } }\n',
      ),
      'stacks/base.yaml': 'vars: { stage: none, shared: 1 }',
      'stacks/dev.yaml': 'vars: { stage: dev }',
      'stacks/prod.yaml': 'vars: {',
    };
    expect(varsOf(await scopeOf(files, 'dev'), 'terraform/a')).toEqual({ stage: 'dev', shared: 1 });
    expect(await refusal(scopeOf(files, 'prod'))).toMatchObject({ code: 'invalid-yaml' });
  });

  test('inherits through several levels and takes over the root module, but not the type', async () => {
    const { components } = await scopeOf({
      'deployments/app.yaml': deployment('[top]', 'terraform: { vpc/blue: }'),
      'stacks/top.yaml': `
components:
  terraform:
    defaults: { metadata: { type: abstract, component: modules/vpc }, vars: { a: 1, tags: { x: 1 } } }
    vpc: { metadata: { type: abstract, inherits: [defaults] }, vars: { b: 2, tags: { y: 2 } } }
    vpc/blue: { metadata: { inherits: [vpc] }, vars: { c: 3 } }
`,
    });
    const { source, sections } = components['terraform/vpc/blue'] ?? {};
    expect(source).toBe('components/terraform/modules/vpc');
    expect(sections).toMatchObject({
      vars: { a: 1, b: 2, c: 3, tags: { x: 1, y: 2 } },
      component: 'vpc/blue',
      inheritance: ['vpc', 'defaults'],
      workspace: 'default-vpc-blue',
      metadata: { component: 'modules/vpc', inherits: ['vpc'] },
    });
  });

  test('names a loop of inheritance whole, and a base that is missing', async () => {
    const stack = (a: string, b: string): string =>
      `components:\n  terraform:\n    a: { metadata: { inherits: [${a}] } }\n    b: { metadata: { inherits: [${b}] } }\n`;
    const files = (content: string) => ({ 'deployments/app.yaml': deployment('[top]'), 'stacks/top.yaml': content });
    const loop = await refusal(scopeOf(files(stack('b', 'a'))));
    expect(loop).toMatchObject({ code: 'inheritance-cycle', message: 'cycle in inheritance: a → b → a' });
    const missing = await refusal(scopeOf(files(stack('c', 'a'))));
    expect(missing).toMatchObject({ code: 'unknown-base', message: expect.stringContaining('component "a" inherits from "c"') });
    expect(placeOf(missing)).toBe('stacks/top.yaml:3:33');
  });

  test('refuses a section that is no map, and an abstract component', async () => {
    const files = (a: string) => ({
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': `components: { terraform: { a: ${a} } }`,
    });
    expect(await refusal(scopeOf(files('{ vars: [1] }')))).toMatchObject({ code: 'wrong-type', message: '"vars" must be a map' });
    expect(await refusal(scopeOf(files('{ metadata: { type: abstract } }')))).toMatchObject({ code: 'abstract-component' });
  });

  test('refuses what would be wrong in silence: a local that is not there, a file that is not there, a root module for all components', async () => {
    const files = (content: string) => ({ 'deployments/app.yaml': deployment('[top]'), 'stacks/top.yaml': content });
    expect(await refusal(scopeOf(files('locals: { size: 1 }\nvars: { a: "{{ .locals.sise }}" }')))).toMatchObject({
      code: 'unknown-local',
      hint: 'did you mean "size"?',
    });
    expect(await refusal(scopeOf(files('terraform: { metadata: { component: x } }')))).toMatchObject({ code: 'not-for-all' });
    expect(await refusal(scopeOf(files('vars: !include x.yaml')))).toMatchObject({ code: 'missing-include' });
    expect(await refusal(scopeOf(files('import: ["{{"]')))).toMatchObject({ code: 'invalid-glob' });
  });

  test.each(['1 + 2', `"a-\${upper("b")}"`, 'true ? 1 : 2', '"%{ if true }a%{ endif }"', 'local.x'])(
    'refuses %s in an included file of variables: nothing computes it',
    async (expression) => {
      const error = await refusal(
        scopeOf({
          'deployments/app.yaml': deployment('[top]'),
          'stacks/top.yaml': 'vars: !include ./x.tfvars',
          'stacks/x.tfvars': `a = ${expression}\n`,
        }),
      );
      expect(error).toMatchObject({ code: 'invalid-hcl', message: expect.stringContaining('is an expression') });
    },
  );

  test('takes what is escaped in an included file of variables for what it stands for', async () => {
    const files = {
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': 'vars: !include ./x.tfvars',
      'stacks/x.tfvars': 'a = "$${x} %%{y} $x"\n',
    };
    expect(varsOf(await scopeOf(files), 'terraform/a')).toEqual({ a: `\${x} %{y} $x` });
  });

  test('includes a file as what its ending says, from beside the stack, or else from base_path', async () => {
    const scope = await scopeOf({
      'atmos.yaml': 'base_path: infra',
      'infra/deployments/app.yaml': deployment('[a/top]'),
      'infra/stacks/a/top.yaml':
        'vars: { tf: !include conf/vars.tf, env: !include ./.env.local, near: !include ./x.json, far: !include ./conf/far.JSON }',
      'infra/conf/vars.tf': 'size = "small"\n',
      'infra/stacks/a/.env.local': 'export A="one two"\nB=3 # three\n',
      'infra/stacks/a/x.json': '1',
      'infra/x.json': '2',
      'infra/conf/far.JSON': '[true]',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ tf: { size: 'small' }, env: { A: 'one two', B: '3' }, near: 1, far: [true] });
    const open = { 'deployments/app.yaml': deployment('[top]'), 'stacks/top.yaml': 'vars: !include ./.env', 'stacks/.env': 'A=$HOME' };
    expect((await refusal(scopeOf(open))).message).toBe('stacks/.env contains "$": variable expansion is not supported in .env files');
  });

  test('renders texts with delimiters that hold a quote, which Atmos writes in double quotes', async () => {
    const scope = await scopeOf({
      'atmos.yaml': `templates: { settings: { enabled: true, delimiters: ["'{{", "}}'"] } }`,
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': `vars:
  name: it's
  a: "'{{ .vars.name }}'-1"
  b: "it's \\"b\\""
  c: |
    say '{{ upper .vars.name }}'
      on
  d: '{{ .vars.name }}'
`,
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({
      name: "it's",
      a: "it's-1",
      b: 'it\'s "b"',
      c: "say IT'S\n  on\n",
      d: '{{ .vars.name }}',
    });
  });

  test('never evaluates components that the deployment does not have', async () => {
    const scope = await scopeOf({
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': `components:
  terraform:
    a: { vars: { x: 1 } }
    other: { metadata: { inherits: [nowhere] }, vars: { x: '{{ fail "no" }}', y: !nosuch z } }
`,
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ x: 1 });
  });
});
