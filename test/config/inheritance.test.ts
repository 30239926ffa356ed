import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../engine/index.ts';
import { refusal, scopeOf, varsOf } from './repository.ts';

/** The sections of `terraform/a` in a stack. */
async function sectionsOf(stack: string, atmos = '{}', address = 'terraform/a'): Promise<JsonObject> {
  const [kind = '', name = ''] = address.split('/');
  const scope = await scopeOf({
    'atmos.yaml': atmos,
    'deployments/app.yaml': `deployment: { name: app, stacks: [top], components: { ${kind}: { ${name}: } } }`,
    'stacks/top.yaml': stack,
  });
  return scope.components[address]?.sections ?? {};
}

describe('sections by level', () => {
  test('passes over what a stack says at its root that belongs to a kind or a component', async () => {
    const sections = await sectionsOf('providers: { aws: { region: x } }\nbackend_type: s3\nprovision: { a: 1 }\nvars: { a: 1 }');
    expect(sections).toMatchObject({ vars: { a: 1 }, backend: {} });
    expect(Object.keys(sections)).not.toEqual(expect.arrayContaining(['providers']));
    expect(sections.provision).toBeUndefined();
  });

  test('gives helmfile components the hooks of their own, and packer components none', async () => {
    const stack = (kind: string): string =>
      `hooks: { all: { events: [x] } }\ncomponents: { ${kind}: { a: { hooks: { own: { events: [y] } } } } }`;
    expect((await sectionsOf(stack('helmfile'), '{}', 'helmfile/a')).hooks).toEqual({ own: { events: ['y'] } });
    expect((await sectionsOf(stack('packer'), '{}', 'packer/a')).hooks).toBeUndefined();
    expect((await sectionsOf(stack('terraform'))).hooks).toEqual({ all: { events: ['x'] }, own: { events: ['y'] } });
  });

  test('lays overrides of a file over its terraform and helmfile components alone, in place of what a component overrides itself', async () => {
    const stack = (kind: string): string =>
      `overrides: { vars: { a: 2 } }\ncomponents: { ${kind}: { a: { vars: { a: 1, b: 1 }, overrides: { vars: { b: 3 } } } } }`;
    expect((await sectionsOf(stack('terraform'))).vars).toEqual({ a: 2, b: 1 });
    expect((await sectionsOf(stack('packer'), '{}', 'packer/a')).vars).toEqual({ a: 1, b: 3 });
  });

  test('puts env and integrations.github of atmos.yaml under what stacks say', async () => {
    const atmos = 'env: { A: atmos, B: 1 }\nintegrations: { github: { opentofu: { role: r } } }';
    const sections = await sectionsOf('env: { A: stack }\nsettings: { integrations: { github: { x: 1 } } }', atmos);
    expect(sections.env).toEqual({ A: 'stack', B: '1' });
    expect(sections.settings).toEqual({ integrations: { github: { opentofu: { role: 'r' }, x: 1 } } });
  });

  test('takes metadata for all components that does not tell one from another', async () => {
    expect(await sectionsOf('metadata: { labels: { team: x }, locked: true }')).toMatchObject({
      metadata: { labels: { team: 'x' }, locked: true },
    });
    for (const key of ['name: x', 'type: real', 'terraform_workspace: x'])
      expect(await refusal(sectionsOf(`metadata: { ${key} }`))).toMatchObject({ code: 'not-for-all' });
  });
});

test('a helm component has its chart and what belongs to it, over that of its bases', async () => {
  const stack = `
components:
  helm:
    base: { chart: web, version: "1.2.3", values: { replicas: 1, image: { tag: x } }, values_files: [base.yaml] }
    a: { metadata: { inherits: [base] }, namespace: shop, values: { image: { tag: y } }, values_files: [own.yaml] }
  terraform: { b: { chart: none } }
`;
  expect(await sectionsOf(stack, '{}', 'helm/a')).toMatchObject({
    chart: 'web',
    version: '1.2.3',
    namespace: 'shop',
    values: { replicas: 1, image: { tag: 'y' } },
    values_files: ['own.yaml'],
  });
  expect((await sectionsOf(stack, '{}', 'terraform/b')).chart).toBeUndefined();
});

describe('bases', () => {
  test('takes the backend type and the command of the nearest base alone', async () => {
    const stack = `
terraform: { backend_type: local, backend: { local: { path: x }, s3: { bucket: b } } }
components:
  terraform:
    far: { backend_type: s3, command: tofu, vars: { far: 1 } }
    near: { metadata: { inherits: [far] } }
    a: { metadata: { inherits: [near] } }
    b: { metadata: { inherits: [far] } }
`;
    expect(await sectionsOf(stack)).toMatchObject({ backend_type: 'local', command: 'terraform', vars: { far: 1 } });
    expect(await sectionsOf(stack, '{}', 'terraform/b')).toMatchObject({ backend_type: 's3', command: 'tofu' });
  });

  test('merges bases with one another before they are merged over globals', async () => {
    const stack = `
vars: { map: { from: global } }
components:
  terraform:
    one: { vars: { map: null } }
    two: { vars: { map: { from_two: 2 } } }
    a: { metadata: { inherits: [one, two] } }
`;
    expect((await sectionsOf(stack)).vars).toEqual({ map: { from: 'global', from_two: 2 } });
  });

  test('does not follow the component that an abstract base names, and takes its root module from where that of a real one leads', async () => {
    const stack = (type: string): string => `
components:
  terraform:
    deep: { vars: { deep: 1 } }
    base: { component: deep, metadata: { type: ${type} }, vars: { base: 1 } }
    a: { component: base }
    b: { metadata: { inherits: [base] } }
`;
    expect(await sectionsOf(stack('real'))).toMatchObject({ vars: { deep: 1, base: 1 }, component: 'deep', inheritance: ['base', 'deep'] });
    expect(await sectionsOf(stack('abstract'))).toMatchObject({ vars: { base: 1 }, component: 'base', inheritance: ['base'] });
    expect(await sectionsOf(stack('real'), '{}', 'terraform/b')).toMatchObject({ component: 'b' });
  });

  test('inherits source and provision unless atmos.yaml forbids it', async () => {
    const stack = 'components: { terraform: { base: { source: { uri: x }, provision: { w: 1 } }, a: { metadata: { inherits: [base] } } } }';
    expect(await sectionsOf(stack)).toMatchObject({ source: { uri: 'x' }, provision: { w: 1 } });
    const sections = await sectionsOf(stack, 'stacks: { inherit: { source: false } }');
    expect([sections.source ?? {}, sections.provision ?? {}]).toEqual([{}, {}]);
  });

  test('reports bases that are reached by more ways than can be merged', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, at) =>
        `    l${at}: { metadata: { inherits: [l${at + 1}, r${at + 1}] } }\n    r${at}: { metadata: { inherits: [l${at + 1}, r${at + 1}] } }\n`,
    );
    const stack = `components:\n  terraform:\n    a: { metadata: { inherits: [l0] } }\n${levels.join('')}    l20: {}\n    r20: {}\n`;
    expect(await refusal(sectionsOf(stack))).toMatchObject({ code: 'too-many-bases' });
  });
});

describe('list_merge_strategy of a component', () => {
  const stack = `
vars: { list: [global] }
components:
  terraform:
    base: { vars: { list: [base], other: [base] } }
    a: { metadata: { inherits: [base] }, settings: { list_merge_strategy: append }, vars: { list: [own] } }
    b: { metadata: { inherits: [base] }, vars: { list: [own] } }
`;
  test('counts for this component, its bases and what is given to all', async () => {
    expect((await sectionsOf(stack)).vars).toEqual({ list: ['global', 'base', 'own'], other: ['base'] });
    expect((await sectionsOf(stack, '{}', 'terraform/b')).vars).toEqual({ list: ['own'], other: ['base'] });
  });

  test('of a base counts for what is merged with that base', async () => {
    const inherited = `
components:
  terraform:
    far: { vars: { list: [far] } }
    near: { metadata: { inherits: [far] }, settings: { list_merge_strategy: append }, vars: { list: [near] } }
    a: { metadata: { inherits: [near] }, settings: { list_merge_strategy: replace }, vars: { list: [own] } }
`;
    expect((await sectionsOf(inherited)).vars).toEqual({ list: ['own'] });
    expect((await sectionsOf(inherited.replace('settings: { list_merge_strategy: replace }, ', ''))).vars).toEqual({
      list: ['far', 'near', 'own'],
    });
  });

  test('is refused when there is none of that name', async () => {
    expect(await refusal(sectionsOf(stack.replace('append', 'add')))).toMatchObject({ code: 'wrong-value' });
  });
});

describe('backend', () => {
  test('has its prefix though nothing else is said of it, and where its prefix is empty', async () => {
    expect(await sectionsOf('terraform: { backend_type: s3 }')).toMatchObject({ backend: { workspace_key_prefix: 'a' } });
    expect(await sectionsOf('terraform: { backend_type: gcs, backend: { gcs: { prefix: "" } } }')).toMatchObject({
      backend: { prefix: 'a' },
    });
    expect(await sectionsOf('terraform: { backend_type: azurerm }')).toMatchObject({ backend: { key: 'a.terraform.tfstate' } });
  });

  test('of remote states must have the type that is meant', async () => {
    const stack = 'terraform: { backend_type: local, backend: { local: { path: x } }, remote_state_backend: { s3: { bucket: b } } }';
    expect(await refusal(sectionsOf(stack))).toMatchObject({ code: 'missing-backend' });
  });
});

describe('functions', () => {
  test('!unset takes a key or an item away', async () => {
    const stack =
      'vars: { a: 1, b: { c: 1, d: 2 }, l: [1, !unset "", 3] }\ncomponents: { terraform: { a: { vars: { a: !unset "", b: { c: !unset "" } } } } }';
    expect((await sectionsOf(stack)).vars).toEqual({ b: { d: 2 }, l: [1, 3] });
  });

  test('!git functions tell of the commit and the remote', async () => {
    const names = ['sha', 'ref', 'host', 'owner', 'name', 'repository', 'url'];
    const { vars } = await sectionsOf(`vars: { ${names.map((name) => `${name}: !git.${name} ""`).join(', ')} }`);
    expect(vars).toEqual({
      sha: '3c9d2b1f00000000000000000000000000000000',
      ref: '3c9d2b1f00000000000000000000000000000000',
      host: 'git.example.com',
      owner: 'acme/infra',
      name: 'live',
      repository: 'acme/infra/live',
      url: 'git@git.example.com:acme/infra/live.git',
    });
  });

  test('a function replaces what files and bases say, and is merged with what a component says once it has run', async () => {
    const scope = await scopeOf({
      'atmos.yaml': 'templates: { settings: { enabled: true } }',
      'deployments/app.yaml': 'deployment: { name: app, stacks: [base, top], components: { terraform: { a: } } }',
      'stacks/base.yaml': `components: { terraform: { b: { vars: { m: { base: 1 } } }, a: { vars: { n: !template '{"x": 1}' } } } }`,
      'stacks/top.yaml': `components: { terraform: { b: { vars: { m: !template '{"fn": 1}' } }, a: { metadata: { inherits: [b] }, vars: { m: { own: 1 }, n: { y: 2 } } } } }`,
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ m: { fn: 1, own: 1 }, n: { y: 2 } });
  });
});

test.each([
  ['terraform_workspace: "{{ .vars.name }}-ws"', 'n-ws'],
  ['terraform_workspace_pattern: "{stage}-{{ .vars.name }}"', 'dev-n'],
  ['terraform_workspace_template: "{{ .vars.name }}/t"', 'n-t'],
])('what metadata say of the workspace may be a template: %s', async (metadata, workspace) => {
  const scope = await scopeOf({
    'atmos.yaml': 'stacks: { name_pattern: "{stage}" }\ntemplates: { settings: { enabled: true } }',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
    'stacks/top.yaml': `vars: { stage: dev }\ncomponents: { terraform: { a: { metadata: { ${metadata} }, vars: { name: n } } } }`,
  });
  expect(scope.components['terraform/a']?.sections.workspace).toBe(workspace);
});
