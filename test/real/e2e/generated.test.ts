import { expect, test } from 'vitest';
import { newApp } from './shop.ts';

test('files that stacks generate are in the release, and run; components may lie above the directory of atmos.yaml', async () => {
  const app = newApp({
    'atmos.yaml': 'base_path: ""\n',
    'modules/a/main.tf': 'resource "terraform_data" "x" { input = local.stage }\n',
    'live/atmos.yaml': `base_path: ""
components: { terraform: { base_path: ../modules } }
stacks: { base_path: ../stacks, name_pattern: "{stage}" }
`,
    'stacks/dev.yaml': `vars: { stage: dev }
components:
  terraform:
    a:
      required_version: ">= 1.5"
      required_providers: { time: { source: hashicorp/time, version: "~> 0.1" } }
      generate:
        "locals.tf": { locals: { stage: "{{ .vars.stage }}" } }
        "made.tf": |
          output "made" { value = "{{ .atmos_stack }}" }
`,
    'live/deployments/live.yaml': 'deployment:\n  name: live\n  stacks: [dev]\n  components: { terraform: { a: } }\n',
    'deployments/app.yaml': 'deployment: { name: app, components: { terraform: { b: } } }\n',
    'components/terraform/b/main.tf': '',
  });
  app.commit('live/deployments/live.lock.yaml', app.read('deployments/app.lock.yaml'));
  const deployed = await app.ask('--chdir live rollout live');
  expect([deployed.code, deployed.json.result]).toEqual([0, 'deployed']);
  const shown = await app.ask(`--chdir live release show ${deployed.json.release}`);
  expect(shown.code).toBe(0);
  expect((await app.run(`--chdir live release export ${deployed.json.release} exported`)).code).toBe(0);
  expect(app.read('live/exported/components/terraform/a/source/locals.tf')).toBe('locals {\n  stage = "dev"\n}\n');
  expect(app.read('live/exported/components/terraform/a/.terraform.lock.hcl')).toContain('hashicorp/time');
  expect((await app.run(`--chdir live reproduce ${deployed.json.release}`)).code).toBe(0);
  expect((await app.run('--chdir live verify live')).code).toBe(0);
});

test('a version of Terraform that a stack does not take is told at its line', async () => {
  const app = newApp({
    'stacks/top.yaml': 'components:\n  terraform:\n    a:\n      required_version: ">= 99"\n',
    'components/terraform/a/main.tf': 'output "x" { value = 1 }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }\n',
  });
  expect(await app.run('plan app')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /stacks\/top\.yaml:4:\d+ error: terraform\/a\/init: (?:Unsupported Terraform Core version|Incompatible module)/,
    ),
  });
});

test('a provider that stacks configure and a module does not require is told by its plan, with what to do', async () => {
  const stack = (more: string): string => `terraform:\n  providers: { time: {} }\ncomponents:\n  terraform:\n    a: {${more}}\n`;
  const app = newApp({
    'stacks/top.yaml': stack(''),
    'components/terraform/a/main.tf': 'output "x" { value = 1 }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }\n',
  });
  const planned = await app.run('plan app');
  expect([planned.code, planned.stderr]).toEqual([1, expect.stringContaining('add it to required_providers of the component')]);
  app.commit('stacks/top.yaml', stack(' required_providers: { time: { source: hashicorp/time } } '));
  expect((await app.run('plan app')).code).toBe(0);
});
