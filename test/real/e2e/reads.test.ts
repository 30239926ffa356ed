import { expect, onTestFinished, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';
import { startStateServer } from './states.ts';

const PASSWORD = 'http-pl4nted-passw0rd';
const env = { STATE_PASSWORD: PASSWORD };

const VPC = (name: string): string => `vars: { env: core }
components: { terraform: { vpc: { vars: { name: ${name} } } } }
`;

async function appWithVpc(): Promise<Shop> {
  const server = await startStateServer('terraform', PASSWORD);
  onTestFinished(() => server.stop());
  const at = `${server.url}/{{ .vars.env }}-{{ .atmos_component }}`;
  const secrets = 'secrets: { TF_HTTP_PASSWORD: { env: STATE_PASSWORD } }';
  const app = newApp({
    'atmos.yaml': 'stacks: { name_template: "{{ .vars.env }}" }\ntemplates: { settings: { enabled: true } }\n',
    'stacks/backend.yaml': `terraform:
  backend_type: http
  backend: { http: { address: "${at}", lock_address: "${at}", unlock_address: "${at}", username: terraform } }
`,
    'stacks/core.yaml': `import: [backend]\n${VPC('one')}`,
    'stacks/app.yaml': `import: [backend]
vars: { env: dev }
components: { terraform: { app: { vars: { id: !terraform.output vpc core id, token: !terraform.state vpc core token } } } }
`,
    'components/terraform/vpc/main.tf': `variable "name" {}
output "id" { value = "id-of-\${var.name}" }
output "token" {
  value     = "pl4nted-\${var.name}-token"
  sensitive = true
}
`,
    'components/terraform/app/main.tf':
      'variable "id" {}\nvariable "token" {}\nresource "terraform_data" "x" { input = [var.id, var.token] }\noutput "id" { value = var.id }\n',
    'deployments/core.yaml': `deployment: { name: core, stacks: [core], components: { terraform: { vpc: } }, targets: { dev: { ${secrets} } } }\n`,
    'deployments/app.yaml': `deployment:
  name: app
  stacks: [app]
  reads: [{ component: vpc, stack: core }]
  components: { terraform: { app: } }
  targets: { dev: { ${secrets} } }
`,
  });
  // Whoever else applies it: Atmos has the same state at the same place.
  await app.run('images build core');
  app.commit('README.md', 'core');
  expect(await app.run('rollout core dev', { env })).toMatchObject({ code: 0 });
  return app;
}

test.each(['bubblewrap', 'docker'])(
  'outputs of a component that stays elsewhere are read of its backend, by a node with the target’s secrets, in %s',
  async (runtime) => {
    const app = await appWithVpc();
    const flags = `--runtime ${runtime}`;
    const planned = await app.ask(`plan app dev ${flags}`, { env });
    expect(planned).toMatchObject({ code: 0, json: { components: { 'terraform/app': { create: 1 } }, unknown: {} } });
    const ran = await app.ask(`rollout app dev ${flags}`, { env });
    expect(ran).toMatchObject({ code: 0, json: { result: 'deployed' } });
    const plain = await app.run(`plan app dev ${flags}`, { env });
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining('terraform/app  no changes')]);
    expect(await app.run(`verify app dev ${flags}`, { env })).toMatchObject({ code: 0 });
    // It changes, and who reads it is planned with what it is now.
    app.commit('stacks/core.yaml', () => `import: [backend]\n${VPC('two')}`);
    expect(await app.run(`rollout core dev ${flags}`, { env })).toMatchObject({ code: 0 });
    const again = await app.run(`plan app dev ${flags}`, { env });
    expect(again.stdout).toContain('"id-of-one" → "id-of-two"');
    expect(await app.run(`plan app dev --out plan.json ${flags}`, { env })).toMatchObject({ code: 0 });
    const done = await app.ask(`rollout app dev --plan plan.json ${flags}`, { env });
    expect(done).toMatchObject({ code: 0, json: { components: { 'terraform/app': { action: 'applied' } } } });
    expect((await app.run(`plan app dev ${flags}`, { env })).stdout).toContain('terraform/app  no changes');
    expect(await app.run(`destroy app dev --yes ${flags}`, { env })).toMatchObject({ code: 0 });
    for (const one of [planned, ran, plain, again]) expect(one.stdout + one.stderr).not.toMatch(/pl4nted/);
    const { stdout } = await app.run(`release show ${ran.json.release}`);
    expect(stdout).not.toContain('pl4nted');
  },
);

test('what it does not give out, and what is not listed, is told', async () => {
  const app = await appWithVpc();
  app.commit('stacks/app.yaml', (text) => text.replace('core id', 'core ident'));
  const missing = await app.run('plan app dev', { env });
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringContaining('terraform/app reads output "ident" of core/terraform/vpc, which has no such output'),
  ]);
  expect(missing.stderr).toContain('its outputs are: id, token');
  app.commit('deployments/app.yaml', (text) => text.replace(/ {2}reads.*\n/, ''));
  const unlisted = await app.run('validate app');
  expect([unlisted.code, unlisted.stderr]).toEqual([
    2,
    expect.stringContaining('add it to the deployment file: reads: [{ component: vpc, stack:'),
  ]);
});
