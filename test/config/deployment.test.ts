import { describe, expect, test } from 'vitest';
import { listDeployments, loadDeployment, validateDeployments, workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, projectOf, refusal, repository, scopeOf, varsOf } from './repository.ts';

async function open(files: Readonly<Record<string, string>>) {
  const tree = workingTree(await repository(files));
  return { tree, project: await projectOf(tree) };
}

const MODULES = Object.fromEntries(['a', 'b', 'c'].map((name) => [`components/terraform/${name}/main.tf`, '']));

/** All errors of `deployments/app.yaml`: place, message and hint. The modules `a`, `b` and `c` are there. */
async function errorsOf(text: string, others: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const { tree, project } = await open({ ...MODULES, 'deployments/app.yaml': text, ...others });
  const { errors } = await validateDeployments({ files: tree, project }, ['app'], OPTIONS);
  return errors.map((error) => `${placeOf(error).replace('deployments/app.yaml:', '')} ${error.message} (${error.hint})`);
}

describe('loadDeployment', () => {
  test('gives a file with name and components alone one target, which is the default', async () => {
    const text = 'deployment: { name: app, context: { default_target: default }, components: { terraform: { a: } } }';
    const { tree, project } = await open({ 'deployments/app.yaml': text });
    const deployment = await loadDeployment({ files: tree, project }, 'app');
    expect(deployment).toMatchObject({ name: 'app', file: 'deployments/app.yaml', targets: ['default'], defaultTarget: 'default' });
  });

  test('suggests the nearest name for a deployment that does not exist', async () => {
    const { tree, project } = await open({ 'deployments/payment-service.yaml': '' });
    const error = await refusal(loadDeployment({ files: tree, project }, 'paymnet-service'));
    expect(error).toMatchObject({ kind: 'invalid', code: 'unknown-deployment', hint: 'did you mean "payment-service"?' });
  });

  test('opens nothing outside of the directory of deployments', async () => {
    const { tree, project } = await open({ 'secret.yaml': 'deployment: {}' });
    expect(await refusal(loadDeployment({ files: tree, project }, '../secret'))).toMatchObject({ code: 'unknown-deployment' });
  });

  test('shows the line of an error with the one before it', async () => {
    const { tree, project } = await open({
      'deployments/app.yaml': 'deployment:\n  name: app\n  componets: {}\n  components: { terraform: { a: } }\n',
    });
    expect((await refusal(loadDeployment({ files: tree, project }, 'app'))).position).toEqual({
      file: 'deployments/app.yaml',
      line: 3,
      column: 3,
      length: 9,
      excerpt: { first: 2, lines: ['  name: app', '  componets: {}'] },
    });
  });
});

describe('listDeployments', () => {
  test('lists a broken file by its name, and no lock files', async () => {
    const { tree, project } = await open({
      'deployments/b.yaml': 'deployment: { name: b, labels: { team: x }, components: { terraform: { a: } }, targets: { dev: , prod: } }',
      'deployments/a.yaml': 'deployment: [',
      'deployments/b.lock.yaml': '{}',
    });
    expect(await listDeployments({ files: tree, project })).toEqual([
      { name: 'a', file: 'deployments/a.yaml', targets: [], labels: {} },
      { name: 'b', file: 'deployments/b.yaml', targets: ['dev', 'prod'], labels: { team: 'x' } },
    ]);
  });
});

describe('validateDeployments', () => {
  test('finds nothing wrong with a deployment that holds', async () => {
    expect(await errorsOf('deployment: { name: app, components: { terraform: { a: {} } } }')).toEqual([]);
  });

  test('reports a misspelled key and a wrong promotion at once, as in the tour', async () => {
    const text = `deployment:
  name: app
  componets: { terraform: { a: } }
  targets:
    dev:
    staging:
      promotion: { from: devel }
`;
    expect(await errorsOf(text)).toEqual([
      '3:3 unknown key "componets" (did you mean "components"?)',
      '7:26 target "staging" is promoted from "devel", which does not exist (did you mean "dev"?)',
    ]);
  });

  test('names wrong types, values and missing keys at their places', async () => {
    const text = `deployment:
  name: App
  labels: []
  components: { terraform: { a: { vars: 3 } } }
  phases:
    test:
      - { name: unit, network: wifi, component: terraform/a }
      - { name: env, run: x, image: y, env: { "A=B": c } }
`;
    expect(await errorsOf(text)).toEqual([
      '2:9 invalid name "App" (it must match ^[a-z0-9]+(-[a-z0-9]+)*$)',
      '2:9 the deployment is named "App", but its file app.yaml (give both the same name)',
      '3:11 "labels" must be a map (it is a list)',
      '4:41 "vars" must be a map (it is the number 3)',
      '7:9 "run" is missing (an entry of "test" needs it)',
      '7:32 "network" can\'t be "wifi" (it can be: none, bridge, host)',
      '8:47 invalid name "A=B" in "env" (it must match ^[^=]+$)',
    ]);
  });

  test('refuses to read what a disabled component would produce, and takes what is disabled with its readers', async () => {
    const text = (more: string): string => `deployment:
  name: app
  components:
    terraform:
      a: { metadata: { enabled: false } }
      b: { vars: { x: !terraform.output a id }${more} }
`;
    expect(await errorsOf(text(''))).toEqual([
      '6:7 terraform/b reads "id" of terraform/a, which is disabled (metadata.enabled: false) (enable terraform/a, disable terraform/b too, or read something else)',
    ]);
    expect(await errorsOf(text(', metadata: { enabled: false }'))).toEqual([]);
  });

  test('refuses states of two targets, or of two components, at one place', async () => {
    const text = (a: string, b = ''): string => `deployment:
  name: app
  components:
    terraform:
      a: ${a}
${b}  targets: { dev: { context: { of: one } }, prod: { context: { of: two } } }
`;
    const http = (address: string): string => `{ backend_type: http, backend: { http: { address: "${address}" } } }`;
    const one = (place: string): string =>
      `terraform/a of dev and terraform/a of prod would share one state: ${place} (use a separate state per target: include the target in the key, prefix, address or workspace of the backend)`;
    expect(await errorsOf(text(http('http://x/a')))).toEqual([`5:7 ${one('http http://x/a')}`]);
    expect(await errorsOf(text(http('http://x/{{ .context.of }}')))).toEqual([]);
    expect(await errorsOf(text('{ backend_type: local }'))).toEqual([]);
    const pg = (schema: string): string =>
      `{ backend_type: pg, backend: { pg: { schema_name: "${schema}" } }, metadata: { terraform_workspace: all } }`;
    expect(await errorsOf(text(pg('all')))).toEqual([`5:7 ${one('pg localhost:5432/ all all')}`]);
    expect(await errorsOf(text(pg('{{ .context.of }}')))).toEqual([]);
    const two = await errorsOf(text(http('http://x/{{ .context.of }}'), `      b: ${http('http://x/{{ .context.of }}')}\n`));
    expect(two[0]).toContain('terraform/a of dev and terraform/b of dev would share one state');
  });

  test('names a loop of dependencies whole', async () => {
    const text = `deployment:
  name: app
  components:
    terraform:
      a: { metadata: { depends_on: [b] } }
      b: { metadata: { depends_on: [terraform/c] } }
      c: { metadata: { depends_on: [a] } }
`;
    expect(await errorsOf(text)).toEqual([
      '5:37 cycle in dependencies: terraform/a → terraform/b → terraform/c → terraform/a (remove one of these from metadata.depends_on)',
    ]);
  });

  test('lets a target turn a dependency round, since its list replaces the deployment’s', async () => {
    const text = `deployment:
  name: app
  components: { terraform: { a: { metadata: { depends_on: [b] } }, b: } }
  targets:
    dev:
    prod: { components: { terraform: { a: { metadata: { depends_on: [] } }, b: { metadata: { depends_on: [a] } } } } }
`;
    expect(await errorsOf(text)).toEqual([]);
  });

  test('names a loop of promotions, and refuses from beside allowed_from', async () => {
    const text = `deployment:
  name: app
  components: { terraform: { a: } }
  targets:
    dev: { promotion: { from: prod } }
    prod: { promotion: { from: dev, allowed_from: [dev] } }
`;
    expect(await errorsOf(text)).toEqual([
      '5:31 cycle in promotions: dev → prod → dev (remove one of these)',
      '6:51 target "prod" has both promotion.from and promotion.allowed_from (keep one of them)',
    ]);
  });

  test('refuses names of components that the deployment does not have, wherever they stand', async () => {
    const text = `deployment:
  name: app
  components: { terraform: { network: { metadata: { depends_on: [netwrok] } } } }
  phases: { verify: [{ name: x, component: terraform/nework, run: "true" }, { name: x, run: "true" }] }
  targets: { dev: { components: { terraform: { network-2: } } } }
`;
    expect(await errorsOf(text)).toEqual([
      '3:66 terraform/network depends on "netwrok", which is not a component of this deployment (components are: terraform/network)',
      '4:44 node "x" references terraform/nework, which is not a component of this deployment (did you mean "terraform/network"?)',
      '4:85 phase "verify" has two nodes "x" (give one of them another name)',
      '4:77 node "x" names neither a component nor an image to run in (add "component" or "image")',
      '5:48 target "dev" configures terraform/network-2, which is not a component of this deployment (did you mean "terraform/network"?)',
    ]);
  });

  test('refuses what has no effect yet, rather than leave it alone in silence', async () => {
    const text = `deployment:
  name: app
  components: { terraform: { a: } }
  vendor: { components: [] }
  phases: { rollout: [{ name: x, component: terraform/a, run: "true" }], plan: [] }
  targets: { dev: , prod: { promotion: { from: dev, approval_method: ci } } }
`;
    expect(await errorsOf(text)).toEqual([
      '4:11 "vendor" is not supported yet (keep the components in the repository)',
      '5:13 the phase "rollout" does not support user nodes yet (phases that do: build, test, verify)',
      '6:70 approval by the CI platform is not supported yet (approvals are recorded with: atmos-deployment approve)',
    ]);
  });

  test('reports every stack that is missing, each with the nearest name', async () => {
    const text = `deployment:
  name: app
  stacks: [catalog/vcp, orgs/dev]
  components: { terraform: { a: } }
  targets: { prod: { stacks: [orgs/prd] } }
`;
    const stacks = { 'stacks/catalog/vpc.yaml': '', 'stacks/orgs/dev.yaml': 'vars: {}', 'stacks/orgs/prod.yaml': '' };
    expect(await errorsOf(text, stacks)).toEqual([
      '3:12 there is no stack "catalog/vcp" (stacks/catalog/vcp.yaml) (did you mean "catalog/vpc"?)',
      '5:31 there is no stack "orgs/prd" (stacks/orgs/prd.yaml) (did you mean "orgs/prod"?)',
    ]);
  });

  test('reports once what all targets meet when they are resolved', async () => {
    const text = `deployment:
  name: app
  components: { terraform: { a: { vars: { x: "{{ nosuch }}" } } } }
  targets: { dev: , prod: }
`;
    expect(await errorsOf(text)).toEqual(['3:50 template: function "nosuch" not defined (undefined)']);
  });

  test('refuses YAML that does not parse, and keys that stand twice', async () => {
    expect(await errorsOf('deployment:\n  name: app\n  name: app\n')).toEqual(['3:3 duplicate key "name" (remove one of them)']);
    expect((await errorsOf('deployment: [\n'))[0]).toMatch(/^2:1 .*\(invalid YAML\)$/);
  });
});

test('a deployment file includes others, which are part of its scope and are checked with it', async () => {
  const files = {
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: { vars: !include ../config/a.yaml } } }\n',
    'config/a.yaml': 'size: 3\nname: "{{ .atmos_component }}"\n',
  };
  const scope = await scopeOf(files);
  expect(varsOf(scope, 'terraform/a').size).toBe(3);
  expect(scope.files).toContain('config/a.yaml');
  const wrong = { ...files, 'config/a.yaml': '[1, 2]\n' };
  expect(await refusal(scopeOf(wrong))).toMatchObject({ kind: 'invalid', position: { file: 'config/a.yaml' } });
});
