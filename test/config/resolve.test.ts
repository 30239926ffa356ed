import { describe, expect, test } from 'vitest';
import { isDeferred, needsOf, settle } from '../../config/index.ts';
import type { Json } from '../../engine/index.ts';
import { OPTIONS, placeOf, refusal, scopeOf, varsOf } from './repository.ts';

/** A deployment of `terraform/a`, `terraform/network` and `nixpack/api`, where `a` has these vars. */
const withVars = (vars: string, more = ''): Readonly<Record<string, string>> => ({
  'deployments/app.yaml': `deployment:
  name: app
  context: { promote_by: digest, size: 3 }
  components:
    nixpack: { api: { vars: { source: ./services/api/ } } }
    terraform:
      network: {}
      a:
        vars:
${vars.replaceAll(/^/gm, '          ')}
${more}`,
});

const value = async (text: string): Promise<Json | undefined> => varsOf(await scopeOf(withVars(`x: ${text}`)), 'terraform/a').x;

describe('resolve', () => {
  test('suggests the nearest name for an unknown target', async () => {
    const files = withVars('x: 1', '  targets: { dev: , staging: }');
    expect(await refusal(scopeOf(files, 'stagin'))).toMatchObject({
      kind: 'invalid',
      code: 'unknown-target',
      message: 'deployment "app" has no target "stagin"',
      hint: 'did you mean "staging"?',
    });
  });

  test('gives a component without configuration its root module, a local backend and the target as workspace', async () => {
    const { components } = await scopeOf(withVars('x: 1'));
    expect(components['terraform/network']).toEqual({
      address: 'terraform/network',
      kind: 'terraform',
      name: 'network',
      source: 'components/terraform/network',
      sections: {
        vars: {},
        metadata: {},
        component: 'network',
        inheritance: [],
        backend_type: 'local',
        backend: {},
        remote_state_backend_type: 'local',
        command: 'terraform',
        workspace: 'default',
      },
      dependsOn: [],
      origins: {},
    });
  });

  test('takes the source of a service from its vars, within the repository', async () => {
    expect((await scopeOf(withVars('x: 1'))).components['nixpack/api']?.source).toBe('services/api');
    const outside = { 'deployments/app.yaml': 'deployment: { name: app, components: { nixpack: { api: { vars: { source: ../x } } } } }' };
    expect(await refusal(scopeOf(outside))).toMatchObject({ code: 'path-escape' });
  });

  test('sets the context in declared inputs: over the stacks, under what the deployment file says of the component', async () => {
    const scope = await scopeOf(
      {
        'deployments/app.yaml': `deployment:
  name: app
  stacks: [top]
  context: { cpu: 1, memory: 1, replicas: 1, undeclared: 1, tags: { from: deployment, team: x } }
  components: { terraform: { a: { vars: { replicas: 9 } } } }
  targets:
    prod:
      context: { memory: 2, tags: { from: target } }
      components: { terraform: { a: { vars: { zone: "{{ .vars.cpu }}-{{ .context.memory }}" } } } }
`,
        'stacks/top.yaml': 'components: { terraform: { a: { vars: { cpu: 0, memory: 0, replicas: 0, tags: { stack: s } } } } }',
        'components/terraform/a/variables.tf': ['cpu', 'memory', 'replicas', 'tags', 'zone']
          .map((name) => `variable "${name}" {}`)
          .join('\n'),
      },
      'prod',
    );
    expect(varsOf(scope, 'terraform/a')).toEqual({
      cpu: 1,
      memory: 2,
      replicas: 9,
      tags: { stack: 's', from: 'target', team: 'x' },
      zone: '1-2',
    });
    expect(scope.context).toEqual({ cpu: 1, memory: 2, replicas: 1, undeclared: 1, tags: { from: 'target', team: 'x' } });
    const { origins } = scope.components['terraform/a'] ?? {};
    expect(origins?.['/vars/memory']).toEqual({ file: 'deployments/app.yaml', line: 8 });
    expect(origins?.['/vars/tags/stack']).toEqual({ file: 'stacks/top.yaml', line: 1 });
    expect(origins?.['/vars/replicas']).toEqual({ file: 'deployments/app.yaml', line: 5 });
  });

  test('notes where each value was set, by JSON pointer', async () => {
    const { components } = await scopeOf(withVars('a/b: 1\nlist: [1,\n  { k: 2 }]\nempty: {}'));
    const line = (pointer: string) => components['terraform/a']?.origins[pointer]?.line;
    expect(['/vars/a~1b', '/vars/list/0', '/vars/list/1/k', '/vars/empty'].map(line)).toEqual([10, 11, 12, 13]);
  });

  test('orders components by what they name and by what they read', async () => {
    const scope = await scopeOf(withVars('x: "{{ outputs.terraform.network.id }}"\ny: "{{ nixpack.api.digest }}"'));
    expect(scope.components['terraform/a']?.dependsOn).toEqual(['nixpack/api', 'terraform/network']);
  });

  test('names a loop that comes from reading one another’s outputs', async () => {
    const text = `deployment:
  name: app
  components:
    terraform:
      a: { vars: { x: !terraform.output b id } }
      b: { metadata: { depends_on: [a] } }
`;
    const error = await refusal(scopeOf({ 'deployments/app.yaml': text }));
    expect(error).toMatchObject({
      code: 'dependency-cycle',
      message: 'components depend on one another: terraform/a → terraform/b → terraform/a',
    });
    expect(placeOf(error)).toBe('deployments/app.yaml:5:7');
  });

  test('refuses a dependency that a stack declares on something outside of the deployment', async () => {
    const error = await refusal(
      scopeOf({
        'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
        'stacks/top.yaml': 'components:\n  terraform:\n    a: { metadata: { depends_on: [vpc] } }',
      }),
    );
    expect(error).toMatchObject({ code: 'unknown-component' });
    expect(placeOf(error)).toBe('stacks/top.yaml:3:35');
  });

  test('reads the backend of the resolved type, and refuses a type that has no section', async () => {
    const files = (type: string) => ({
      'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { net/vpc: } } }',
      'stacks/top.yaml': `terraform: { backend_type: ${type}, backend: { s3: { bucket: b }, local: { path: p } } }`,
    });
    const { sections } = (await scopeOf(files('s3'))).components['terraform/net/vpc'] ?? {};
    expect(sections).toMatchObject({ backend_type: 's3', backend: { bucket: 'b', workspace_key_prefix: 'net-vpc' } });
    expect(await refusal(scopeOf(files('gcs')))).toMatchObject({ code: 'missing-backend' });
  });

  test('names the stack by atmos.yaml, and says which value the name lacks', async () => {
    const files = (vars: string) => ({
      'atmos.yaml': 'stacks: { name_pattern: "{tenant}-{stage}" }',
      'deployments/app.yaml':
        'deployment: { name: app, stacks: [top], components: { terraform: { a: { vars: { w: "{{ .workspace }}" } } } } }',
      'stacks/top.yaml': `vars: ${vars}`,
    });
    expect(varsOf(await scopeOf(files('{ tenant: acme, stage: dev }')), 'terraform/a').w).toBe('acme-dev');
    expect(await refusal(scopeOf(files('{ tenant: acme }')))).toMatchObject({
      code: 'stack-name',
      message: expect.stringContaining('{stage}'),
    });
  });

  test('gives the labels, secrets, promotion and nodes of a target', async () => {
    const scope = await scopeOf(
      {
        'deployments/app.yaml': `deployment:
  name: app
  labels: { team: x, environment: none }
  components: { terraform: { a: } }
  phases:
    verify: [{ name: smoke, component: terraform/a, run: "curl $URL", network: bridge, env: { URL: !terraform.output a url, N: 3 } }]
  targets:
    dev: { promotion: { approvals: 2, requires_approval: false } }
    prod:
      labels: { environment: prod }
      promotion: { from: dev, requires_approval: true, approvers: [ops@example.com] }
      secrets: { TOKEN: { env: PROD_TOKEN } }
`,
      },
      'prod',
    );
    expect(scope.labels).toEqual({ team: 'x', environment: 'prod' });
    expect(scope.secrets).toEqual({ TOKEN: { env: 'PROD_TOKEN' } });
    expect(scope.promotion).toEqual({
      from: ['dev'],
      approvals: 1,
      approvers: ['ops@example.com'],
      origin: { file: 'deployments/app.yaml', line: 11 },
    });
    const [node] = scope.phases.verify ?? [];
    expect(node).toMatchObject({
      name: 'smoke',
      component: 'terraform/a',
      image: undefined,
      run: 'curl $URL',
      network: 'bridge',
      outputs: {},
    });
    expect(needsOf(node?.env ?? {})).toEqual([{ component: 'terraform/a', field: 'url' }]);
  });

  test('is plain data that survives JSON', async () => {
    const scope = await scopeOf(withVars('x: "{{ outputs.terraform.network.id }}"'));
    expect(JSON.parse(JSON.stringify(scope)).components).toEqual(scope.components);
  });
});

describe('templates and functions of a component', () => {
  test('see its sections, the context, the commit and the environment', async () => {
    const text = `'{{ .context.size }} {{ .atmos_component }} {{ git.short_sha }} {{ env "REGION" }}'`;
    expect(await value(text)).toBe('3 a 3c9d2b1 eu-west-1');
    expect(await value('"{{ .vars.missing }}"')).toBe('<no value>');
  });

  test('need a repository for the commit, and say so at their place', async () => {
    const error = await refusal(scopeOf(withVars('x: "tag-{{ git.sha }}"'), 'default', { ...OPTIONS, git: () => undefined }));
    expect(error.message).toBe('template: error calling git: this needs a Git repository with a commit');
    expect(placeOf(error)).toBe('deployments/app.yaml:10:22');
  });

  test('read the environment with a default', async () => {
    expect(await value('!env REGION')).toBe('eu-west-1');
    expect(await value('!env NOWHERE "two words"')).toBe('two words');
    expect(await value('!env NOWHERE')).toBeNull();
  });

  test('are refused by name and place when there is no such function', async () => {
    const error = await refusal(scopeOf(withVars('x: !terraform.outputs network id')));
    expect(error).toMatchObject({ code: 'yaml-function', hint: 'did you mean "!terraform.output"?' });
    expect(placeOf(error)).toBe('deployments/app.yaml:10:33');
    expect(await refusal(scopeOf(withVars('x: !append [1]')))).toMatchObject({ code: 'yaml-function' });
  });

  test('are left alone in stacks when atmos.yaml turns them off, but not in the deployment file', async () => {
    const scope = await scopeOf({
      'atmos.yaml': 'templates: { settings: { enabled: false } }',
      'deployments/app.yaml':
        'deployment: { name: app, stacks: [top], components: { terraform: { a: { vars: { on: "{{ add 1 2 }}" } } } } }',
      'stacks/top.yaml': 'vars: { off: "{{ add 1 2 }}" }',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ off: '{{ add 1 2 }}', on: '3' });
  });
});

describe('values of other components', () => {
  const produced = {
    'terraform/network': { id: 'vpc-1', subnets: ['a', 'b'], info: { name: 'n' }, 'odd-name': 1, on: true, size: 3 },
    'nixpack/api': { image: 'registry.example.com/api@sha256:1', digest: 'sha256:1' },
  };
  const settled = async (text: string): Promise<Json> => {
    const deferred = (await value(text)) ?? null;
    expect(isDeferred(deferred)).toBe(true);
    return settle(deferred, produced);
  };

  test('stand as deferred until they are there, with what they need', async () => {
    const deferred = await value("'{{ outputs.terraform.network.id }}/{{ nixpack.api.image }}'");
    expect(needsOf(deferred ?? null)).toEqual([
      { component: 'nixpack/api', field: 'image' },
      { component: 'terraform/network', field: 'id' },
    ]);
    expect(settle(deferred ?? null, { 'terraform/network': { id: 'x' } })).toEqual(deferred);
  });

  test('keep their type when the template is one action alone, and are text otherwise', async () => {
    expect(await settled("'{{ outputs.terraform.network.subnets }}'")).toEqual(['a', 'b']);
    expect(await settled('!terraform.output network size')).toBe(3);
    expect(await settled('!terraform.output network odd-name')).toBe(1);
    expect(await settled("'n={{ outputs.terraform.network.size }}'")).toBe('n=3');
    expect(await settled('\'{{ (index nixpack "api").digest }}\'')).toBe('sha256:1');
  });

  test('go through functions, fields and indexes that are applied once they are known', async () => {
    expect(await settled('\'{{ join "," outputs.terraform.network.subnets | upper }}\'')).toBe('A,B');
    expect(await settled("'{{ index outputs.terraform.network.subnets 1 }}'")).toBe('b');
    expect(await settled("'{{ outputs.terraform.network.info.name }}'")).toBe('n');
    expect(await settled("'{{ range outputs.terraform.network.subnets }}<{{ . }}>{{ end }}'")).toBe('<a><b>');
  });

  test('may stand beside what is known by now, which is put into the template', async () => {
    expect(await settled('\'{{ printf "%s-%v" outputs.terraform.network.id .context.size }}@{{ git.short_sha }}\'')).toBe(
      'vpc-1-3@3c9d2b1',
    );
    expect(
      await settled(
        "'{{ $p := .atmos_component }}{{ range .context.list | default (list 1 2) }}{{ $p }}{{ . }}{{ end }}{{ outputs.terraform.network.id }}'",
      ),
    ).toBe('a1a2vpc-1');
    expect(await settled('\'{{ env "REGION" }} {{ "{{" }} {{ outputs.terraform.network.id }}\'')).toBe('eu-west-1 {{ vpc-1');
  });

  test('are needed from both ways of a decision that depends on one', async () => {
    const deferred = await value(
      '\'{{ if outputs.terraform.network.on }}{{ outputs.terraform.network.id }}{{ else }}{{ nixpack.api.digest }}{{ fail "off" }}{{ end }}\'',
    );
    expect(needsOf(deferred ?? null).map(({ field }) => field)).toEqual(['digest', 'id', 'on']);
    expect(settle(deferred ?? null, produced)).toBe('vpc-1');
  });

  test('are refused where the deployment has no such component, or an image no such field', async () => {
    const refused = async (text: string) => refusal(scopeOf(withVars(`x: ${text}`)));
    expect(await refused("'{{ outputs.terraform.netwrk.id }}'")).toMatchObject({
      code: 'unknown-component',
      hint: 'did you mean "terraform/network"?',
    });
    expect(await refused('!terraform.output nowhere id')).toMatchObject({ code: 'unknown-component' });
    expect(await refused("'{{ nixpack.api.dgst }}'")).toMatchObject({ code: 'unknown-field' });
    expect(await refused("'{{ outputs.terraform.network }}'")).toMatchObject({ code: 'template' });
    expect(await refused("'{{ toJson outputs.terraform.network }}'")).toMatchObject({ code: 'template' });
  });

  test('fail with the template when it can’t take what was produced', async () => {
    const deferred = (await value("'{{ index outputs.terraform.network.subnets 7 }}'")) ?? null;
    expect(() => settle(deferred, produced)).toThrow(
      '{{ index outputs.terraform.network.subnets 7 }}: error calling index: index out of range: 7',
    );
  });
});
