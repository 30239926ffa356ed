import { expect, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';

const stack = (vars: string, more = ''): string => `components:
  terraform:
    net: { vars: { size: 1 } }
    a:
      vars: ${vars}
      settings:
        validation:
          size: { schema_type: opa, schema_path: a/size.rego, module_paths: [lib, limits] }
${more}`;

const SIZE = `package atmos

import data.lib.limits

errors[message] {
    input.vars.size > limits.largest
    message := sprintf("size is %v in %v, and may be %v", [input.vars.size, input.atmos_component, limits.largest])
}

errors[message] {
    input.vars.id
    message := "it has an id"
}
`;

async function policed(vars = '{ size: 9, id: !terraform.output net id }'): Promise<Shop> {
  const app = newApp({
    'atmos.yaml': 'stacks: { name_template: top }\nschemas: { opa: { base_path: policies } }\n',
    'components/terraform/a/main.tf': 'variable "size" {}\nvariable "id" { default = "" }\noutput "size" { value = var.size }\n',
    'components/terraform/net/main.tf': 'variable "size" {}\noutput "id" { value = "x" }\n',
    'stacks/top.yaml': stack(vars),
    'policies/a/size.rego': SIZE,
    'policies/lib/limits.rego': 'package lib.limits\n\nlargest := data.named.largest\n',
    'policies/lib/limits_test.rego': 'package lib.limits\n\nthis is no Rego {\n',
    'policies/limits/named/data.json': '{ "largest": 3 }\n',
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: , net: } }, targets: { dev: } }\n',
  });
  expect(await app.run('images build app')).toMatchObject({ code: 0, stdout: expect.stringContaining('opa') });
  app.git('add', '--all');
  app.git('commit', '--quiet', '--message=Pin opa');
  return app;
}

test('a component that breaks a policy in Rego is neither tested, planned, released nor rolled out, and its stack’s line says why', async () => {
  const app = await policed();
  for (const verb of ['test', 'plan', 'release', 'rollout']) {
    const said = await app.run(`${verb} app --target dev`);
    expect([verb, said.code, said.stderr]).toEqual([
      verb,
      3,
      expect.stringMatching(/stacks\/top\.yaml:8:11 refused: terraform\/a: size is 9 in a, and may be 3 \(policy "size"\)/),
    ]);
    expect(said.stderr).not.toContain('it has an id');
  }
  expect((await app.run('status app')).stdout).toContain('never deployed');
});

test('what keeps to its policies is rolled out; they are asked again where they or the values change, and their files count as its own', async () => {
  const app = await policed('{ size: 2, id: !terraform.output net id }');
  expect(await app.ask('rollout app --target dev')).toMatchObject({ code: 0, json: { result: 'deployed' } });
  app.commit('stacks/top.yaml', () => stack('{ size: 3 }'));
  const again = await app.ask('rollout app --target dev');
  expect(again).toMatchObject({ code: 0, json: { result: 'deployed' } });
  expect((await app.run(`reproduce ${again.json.release}`)).code).toBe(0);
  app.commit('policies/limits/named/data.json', () => '{ "largest": 2 }\n');
  expect(await app.run('rollout app --target dev')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('size is 3 in a, and may be 2'),
  });
  // What was made once is made again, whatever is refused since.
  expect((await app.run(`reproduce ${again.json.release}`)).code).toBe(0);
});

test('a policy that is not committed is not what a release is made of', async () => {
  const app = await policed('{ size: 2 }');
  app.commit('README.md', 'x');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${app.dir}/policies/lib/limits.rego`, 'package lib.limits\n\nlargest := 100\n');
  expect(await app.run('release app --target dev')).toMatchObject({ code: 3, stderr: expect.stringContaining('policies/lib/limits.rego') });
});

test.each([
  [
    'package other\n',
    /stacks\/top\.yaml:8:11 error: terraform\/a: the policy "size" is invalid: it has no "errors" in the package "atmos"/,
  ],
  ['package atmos\n\nerrors[ {\n', /the policy "size" is invalid: policies\/a\/size\.rego:4: /],
  ['package atmos\n\nerrors := "yes"\n', /"errors" must be a set or a list/],
])('a policy that is none is an error, and no silence: %j', async (rego, message) => {
  const app = await policed('{ size: 2 }');
  app.commit('policies/a/size.rego', () => rego);
  expect(await app.run('plan app --target dev')).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
});
