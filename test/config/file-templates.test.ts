import { describe, expect, test } from 'vitest';
import type { Json } from '../../engine/index.ts';
import { refusal, scopeOf, varsOf } from './repository.ts';

/** The `vars` of `terraform/a` in the stack `top`, with templates on. */
async function vars(stacks: Readonly<Record<string, string>>, settings = ''): Promise<Json> {
  const files = Object.entries(stacks).map(([path, text]) => [`stacks/${path}`, text]);
  const scope = await scopeOf({
    'atmos.yaml': `templates: { settings: { enabled: true${settings} } }`,
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
    ...Object.fromEntries(files),
  });
  return varsOf(scope, 'terraform/a');
}

describe('context of imports', () => {
  test('of the importing file counts more than what that file gives itself, key by key', async () => {
    const stacks = {
      'top.yaml': 'import: [{ path: mid, context: { who: top, map: { top: 1 } } }]',
      'mid.yaml': 'import: [{ path: low, context: { who: mid, own: mid, map: { mid: 2 } } }]',
      'low.yaml.tmpl': 'vars: { who: {{ .who }}, own: {{ .own }}, map: {{ toJson .map }} }',
    };
    expect(await vars(stacks)).toEqual({ who: 'top', own: 'mid', map: { top: 1, mid: 2 } });
  });

  test('keeps the type of a value that stands alone, also in quotes, in a file that is YAML as it is', async () => {
    const stacks = {
      'top.yaml': 'import: [{ path: low, context: { on: true, n: 3, list: [1, 2], map: { x: 1 } } }]',
      'low.yaml':
        'vars: { on: "{{ .on }}", n: "{{ .n }}", list: "{{ .list }}", map: "{{ .map }}", text: "{{ .n }} times", number: "1{{ .n }}" }',
    };
    expect(await vars(stacks)).toEqual({ on: true, n: 3, list: [1, 2], map: { x: 1 }, text: '3 times', number: 13 });
  });

  test('that is empty is none', async () => {
    const stacks = { 'top.yaml': 'import: [{ path: low, context: {} }]', 'low.yaml': 'vars: { a: "{{ .atmos_component }}" }' };
    expect(await vars(stacks)).toEqual({ a: 'a' });
  });

  test('must have what the file reads, unless atmos.yaml or the import says otherwise', async () => {
    const stacks = { 'top.yaml': 'import: [{ path: low, context: { x: 1 } }]', 'low.yaml': 'vars: { y: "{{ .y }}-" }' };
    expect(await refusal(vars(stacks))).toMatchObject({ code: 'template' });
    expect(await vars(stacks, ', ignore_missing_template_values: true')).toEqual({ y: '<no value>-' });
  });
});

describe('paths of imports', () => {
  const low = { 'low.yaml': 'settings: { where: eu, version: 2 }', 'v2/eu.yaml': 'vars: { found: true }' };
  test('read what earlier imports of the file say', async () => {
    const stacks = { 'top.yaml': 'import: [low, "v{{ .settings.version }}/{{ .settings.where }}"]', ...low };
    expect(await vars(stacks)).toEqual({ found: true });
  });

  test('read the context that they give', async () => {
    const stacks = { 'top.yaml': 'import: [low, { path: "v2/{{ .place }}", context: { place: eu } }]', ...low };
    expect(await vars(stacks)).toEqual({ found: true });
  });

  test('that read what is not there are refused at their place', async () => {
    const stacks = { 'top.yaml': 'import: [low, "v2/{{ .settings.nowhere }}"]', ...low };
    expect(await refusal(vars(stacks))).toMatchObject({ code: 'template', position: { file: 'stacks/top.yaml', line: 1 } });
  });

  test('take a template of the name with its ending before the file itself', async () => {
    const stacks = {
      'top.yaml': 'import: [low.yaml]',
      'low.yaml': 'vars: { from: file }',
      'low.yaml.tmpl': 'vars: { from: {{ "template" }} }',
    };
    expect(await vars(stacks)).toEqual({ from: 'template' });
  });
});

describe('a file with locals', () => {
  test('is rendered as it stands, so that its texts read its own vars and not those of the component', async () => {
    const component = 'vars: { stage: file }\ncomponents: { terraform: { a: { vars: { stage: component, name: "{{ .vars.stage }}" } } } }';
    expect(await vars({ 'top.yaml': component })).toEqual({ stage: 'component', name: 'component' });
    expect(await vars({ 'top.yaml': `locals: { x: 1 }\n${component}` })).toEqual({ stage: 'component', name: 'file' });
  });

  test('is left to its components, but for the locals, when it reads what only these have', async () => {
    const stack = `
locals: { org: acme }
vars: { stage: file }
components: { terraform: { a: { vars: { stage: component, name: "{{ .locals.org }}-{{ .vars.stage }}-{{ .atmos_component }}" } } } }
`;
    expect(await vars({ 'top.yaml': stack })).toEqual({ stage: 'component', name: 'acme-component-a' });
  });

  test('gives its settings, vars and env to the files that it imports, not its locals', async () => {
    const stacks = {
      'top.yaml': 'locals: { x: 1 }\nvars: { stage: dev }\nimport: [low]\ncomponents: { terraform: { a: { vars: { stage: own } } } }',
      'low.yaml': 'components: { terraform: { a: { vars: { name: "{{ .vars.stage }}-{{ .locals.x }}" } } } }',
    };
    expect(await vars(stacks)).toEqual({ stage: 'own', name: 'own-<no value>' });
    expect(await vars({ ...stacks, 'low.yaml': stacks['low.yaml'].replace('-{{ .locals.x }}', '') })).toEqual({
      stage: 'own',
      name: 'dev',
    });
  });

  test('has locals that keep the types of what they read, see the vars of their kind and run functions', async () => {
    const stack = `
locals: { size: "{{ .vars.size }}", region: !env REGION, full: "{{ .locals.region }}-{{ .locals.size }}" }
vars: { size: 3 }
terraform: { vars: { kind: tf }, locals: { kind: "{{ .vars.kind }}/{{ .locals.full }}" } }
components: { terraform: { a: { vars: { size: "{{ .locals.size }}", kind: "{{ .locals.kind }}" } } } }
`;
    expect(await vars({ 'top.yaml': stack })).toEqual({ size: 3, kind: 'tf/eu-west-1-3' });
  });

  test('names components by its locals', async () => {
    const stack = 'locals: { name: a }\ncomponents: { terraform: { "{{ .locals.name }}": { vars: { x: 1 } } } }';
    expect(await vars({ 'top.yaml': stack })).toEqual({ x: 1 });
  });

  test('skips them where its import says that templates are left alone', async () => {
    const stacks = {
      'top.yaml': 'import: [{ path: low, skip_templates_processing: true }]',
      'low.yaml': 'locals: { x: 1 }\nvars: { x: "{{ .locals.x }}" }',
    };
    expect(await vars(stacks)).toEqual({ x: '<no value>' });
  });
});

test('a component reads the locals of its bases', async () => {
  const stack = `
components:
  terraform:
    base: { locals: { size: 3, name: base } }
    a: { metadata: { inherits: [base] }, locals: { name: own }, vars: { name: "{{ .locals.name }}-{{ .locals.size }}" } }
`;
  expect(await vars({ 'top.yaml': stack })).toEqual({ name: 'own-3' });
});

test('a template of a file that nothing is given to is rendered, or left to its components where it reads of them', async () => {
  expect(await vars({ 'top.yaml.tmpl': 'vars: { a: {{ add 1 2 }} }' })).toEqual({ a: 3 });
  expect(await vars({ 'top.yaml.tmpl': 'vars: { a: "{{ .atmos_component }}" }' })).toEqual({ a: 'a' });
});
