import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp } from './shop.ts';

test.each([
  ['out of the repository', 'hosts', '/etc/hosts'],
  ['to what Git keeps for itself', 'config', '../../../.git/config'],
  ['to what Git ignores', 'local.tf', '../../../local.tf'],
])('a link %s is refused in a component of Terraform', async (_, name, to) => {
  const app = newApp({
    'components/terraform/a/main.tf': 'output "one" { value = 1 }\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
    '.gitignore': '.atmos/\n/local.tf\n',
    'local.tf': 'output "two" { value = 2 }\n',
  });
  symlinkSync(to, join(app.dir, 'components/terraform/a', name));
  app.commit('README.md', 'linked\n');
  for (const verb of ['plan', 'rollout']) {
    const { code, stderr } = await app.run(`${verb} app --target dev`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`components/terraform/a/${name} is a link to`)]);
  }
});

test('a component or stack that is a link out of the repository, or to itself, is refused by name', async () => {
  const app = newApp({
    'stacks/s.yaml': 'components: { terraform: { a: } }\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  stacks: [s]\n  components: { terraform: { a: } }\n  targets: { dev: }\n',
  });
  const link = (to: string, path: string): void => {
    rmSync(join(app.dir, path), { force: true });
    mkdirSync(dirname(join(app.dir, path)), { recursive: true });
    symlinkSync(to, join(app.dir, path));
    app.commit('README.md', `${path} is ${to}\n`);
  };
  for (const [to, path] of [
    ['a', 'components/terraform/a'],
    ['/etc', 'components/terraform/a'],
    ['/etc/hosts', 'stacks/s.yaml'],
  ] as const) {
    link(to, path);
    for (const verb of ['plan', 'rollout']) {
      const { code, stderr } = await app.run(`${verb} app --target dev`);
      expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`${path}.*(link loop|points outside)`))]);
    }
  }
});

test('what a linked file or directory holds counts like what is there itself', async () => {
  const app = newApp({
    'real/terraform/a/main.tf': 'output "note" { value = file("../../../shared/note.txt") }\n',
    'real/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { settings: { terraform: { include: [shared/note.txt] } } } } }
  targets: { dev: }
`,
    'shared/real.txt': 'noted\n',
  });
  symlinkSync('real', join(app.dir, 'components'));
  symlinkSync('../real/app.yaml', join(app.dir, 'deployments/app.yaml'));
  symlinkSync('real.txt', join(app.dir, 'shared/note.txt'));
  app.commit('README.md', 'linked\n');
  expect((await app.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  for (const path of ['real/app.yaml', 'real/terraform/a/main.tf', 'shared/real.txt']) {
    writeFileSync(join(app.dir, path), `${app.read(path)}# changed\n`);
    expect(await app.ask('rollout app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'dirty-tree' } } });
    app.git('checkout', '--', path);
  }
});
