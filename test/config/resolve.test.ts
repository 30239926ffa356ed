import { describe, expect, test } from 'vitest';
import { needsOf, originsOf, type ScopedComponent } from '../../config/index.ts';
import { SPECS } from '../../kinds/index.ts';
import { placeOf, refusal, scopeOf, varsOf, withVars } from './repository.ts';

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

  test('gives a component without configuration its root module and the target as workspace', async () => {
    const { components } = await scopeOf(withVars('x: 1'));
    expect(components['terraform/network']).toEqual({
      address: 'terraform/network',
      kind: 'terraform',
      spec: SPECS.terraform,
      name: 'network',
      source: 'components/terraform/network',
      sections: {
        vars: {},
        metadata: {},
        component: 'network',
        inheritance: [],
        backend: {},
        command: 'terraform',
        workspace: 'default',
      },
      dependsOn: [],
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
    const origins = originsOf(scope.components['terraform/a'] as ScopedComponent);
    expect(origins['/vars/memory']).toEqual({ file: 'deployments/app.yaml', line: 8 });
    expect(origins['/vars/tags/stack']).toEqual({ file: 'stacks/top.yaml', line: 1 });
    expect(origins['/vars/replicas']).toEqual({ file: 'deployments/app.yaml', line: 5 });
  });

  test('notes where each value was set, by JSON pointer', async () => {
    const { components } = await scopeOf(withVars('a/b: 1\nlist: [1,\n  { k: 2 }]\nempty: {}'));
    const line = (pointer: string) => originsOf(components['terraform/a'] as ScopedComponent)[pointer]?.line;
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
      message: 'cycle in dependencies: terraform/a → terraform/b → terraform/a',
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

  test('names the value that a name_template lacks, and what is like it', async () => {
    const files = {
      'atmos.yaml': 'stacks: { name_template: "{{ .vars.tenent }}-{{ .vars.stage }}" }',
      'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
      'stacks/top.yaml': 'vars: { tenant: acme, stage: dev }',
    };
    expect(await refusal(scopeOf(files))).toMatchObject({
      code: 'stack-name',
      message: expect.stringContaining('needs .vars.tenent, which is not set'),
      hint: 'did you mean "tenant"?',
      position: { file: 'stacks/top.yaml', line: 1 },
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
