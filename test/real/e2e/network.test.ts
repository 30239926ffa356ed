import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, newApp, resourcesOf, type Shop } from './shop.ts';

const slow = (seconds: number, input: string): string => `resource "terraform_data" "x" {
  input            = "${input}"
  triggers_replace = "${input}"
  provisioner "local-exec" { command = "sleep ${seconds}" }
}
`;

function slowApp(): Shop {
  return newApp({
    'components/terraform/a/main.tf': slow(2, 'first'),
    'deployments/app.yaml':
      'deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: { dev: , prod: { promotion: { from: dev } } }\n',
  });
}

/** Runs a command; `meanwhile` is done when its apply is under way. */
async function during(app: Shop, args: string, meanwhile: () => Promise<void> | void): Promise<Answer> {
  let seen = '';
  let began: Promise<void> | undefined;
  const answer = await app.run(args, {
    onStart: (child) =>
      child.stderr?.on('data', (chunk: Buffer) => {
        seen += chunk.toString('utf8');
        // Its plan is done: the apply comes next.
        if (began === undefined && / plan +\d/.test(seen)) began = new Promise((resolve) => setTimeout(resolve, 700)).then(meanwhile);
      }),
  });
  await began;
  return answer;
}

test('an outcome that the remote does not take is kept, said, and recorded by the next command, once', async () => {
  const app = slowApp();
  const gone = `${app.remote}.gone`;
  const cut = await during(app, 'rollout app --target dev', () => renameSync(app.remote, gone));
  expect(cut.code).toBe(4);
  expect(cut.stderr).toContain('applied, not yet recorded');
  renameSync(gone, app.remote);
  expect((await app.ask('status app')).json.targets[0]).toMatchObject({ state: 'deploying', unrecorded: true });
  const next = await app.run('rollout app --target dev');
  expect(next.stderr).toContain('recorded what an earlier command did');
  expect(next.stdout).toContain('nothing to do');
  const results = (await app.ask('history app --target dev')).json.records.map(({ result }: { result: string }) => result);
  expect(results).toEqual(['deployed']);
  expect(app.git('ls-remote', 'origin', 'refs/atmos/locks/*')).toBe('');
  expect(resourcesOf(app, 'dev')).toEqual({ a: 1 });
});

test('whoever loses the lock records nothing over whoever has it then', async () => {
  const app = slowApp();
  const lost = await during(app, 'rollout app --target dev', async () => {
    expect((await app.run('unlock app --target dev --force')).code).toBe(0);
  });
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('another command took it over');
  expect((await app.ask('status app')).json.targets[0].components['terraform/a'].status).toBe('pending');
  expect((await app.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  expect(resourcesOf(app, 'dev')).toEqual({ a: 1 });
});

test('no state is brought, given up or forgotten while its target is being changed', async () => {
  const app = slowApp();
  await app.run('rollout app --target dev');
  app.commit('components/terraform/a/main.tf', slow(3, 'second'));
  const copy = join(app.dir, '../copy.tfstate');
  copyFileSync(join(app.dir, '.atmos/state/app/dev/terraform/a/workspaces/dev/terraform.tfstate'), copy);
  await during(app, 'rollout app --target dev', async () => {
    for (const verb of [`import app a ${copy}`, 'forget app a --yes'])
      expect(await app.ask(`state ${verb} --target dev`)).toMatchObject({ code: 3, json: { error: { code: 'locked' } } });
  });
  expect((await app.run('rollout app --target dev')).stdout).toContain('nothing to do');
  expect(resourcesOf(app, 'dev')).toEqual({ a: 1 });
});

test('one who waits in line goes on when the other is done, and finds what that one did', async () => {
  const app = slowApp();
  const [first, second] = await Promise.all([
    app.ask('rollout app --target dev --lock-timeout 60s'),
    app.ask('rollout app --target dev --lock-timeout 60s'),
  ]);
  expect([first.code, second.code], `${first.stdout}${first.stderr}\n${second.stdout}${second.stderr}`).toEqual([0, 0]);
  expect([first.json.result, second.json.result].sort()).toEqual(['deployed', 'up-to-date']);
  expect((await app.run('rollout app --target dev --lock-timeout soon')).code).toBe(2);
});

test('verify and status say that a rollout is under way, and by whom', async () => {
  const app = slowApp();
  await during(app, 'rollout app --target dev', async () => {
    expect(await app.ask('verify app --target dev')).toMatchObject({ code: 3, json: { error: { code: 'under-way' } } });
    expect((await app.ask('status app')).json.targets[0].lock.by.email).toBe('ana@example.com');
    expect((await app.run('history app --target dev')).stdout).toContain('under way');
  });
  expect((await app.run('history app --target dev')).stdout).not.toContain('under way');
});

test('records that were made before there was a remote are brought there by the command that the error names', async () => {
  const app = slowApp();
  app.git('remote', 'remove', 'origin');
  await app.run('rollout app --target dev');
  await app.run('rollout app --target prod --promote-from dev');
  app.git('remote', 'add', 'origin', app.remote);
  const refused = await app.ask('rollout app --target dev --all');
  expect(refused.json.error).toMatchObject({ code: 'not-published', hint: expect.stringContaining('atmos-deployment tracking push') });
  expect((await app.run('tracking push')).code).toBe(0);
  const there = app.git('ls-remote', 'origin', 'refs/atmos/*');
  for (const part of ['ledger/app/dev', 'ledger/app/prod', 'deployments/app/dev/terraform/a', 'releases/']) expect(there).toContain(part);
  expect((await app.run('rollout app --target dev --all')).code).toBe(0);
  expect((await app.run('tracking push')).stdout).toContain('has all records');
});

test('Ctrl-C records what was completed as applied, and what was not reached as not there', async () => {
  const app = newApp({
    'components/terraform/a/main.tf': slow(0, 'a'),
    'components/terraform/b/main.tf': slow(3, 'b'),
    'components/terraform/c/main.tf': slow(0, 'c'),
    'deployments/app.yaml': `deployment:
  name: app
  components:
    terraform:
      a:
      b: { metadata: { depends_on: [a] } }
      c: { metadata: { depends_on: [b] } }
  targets: { dev: }
`,
  });
  let seen = '';
  const stopped = await app.run('rollout app --target dev', {
    onStart: (child) =>
      child.stderr?.on('data', (chunk: Buffer) => {
        const before = seen;
        seen += chunk.toString('utf8');
        if (!/terraform\/b +plan/.test(before) && /terraform\/b +plan/.test(seen)) setTimeout(() => child.kill('SIGINT'), 800);
      }),
  });
  expect(stopped.code).toBe(130);
  const { components } = (await app.ask('status app')).json.targets[0];
  expect(components['terraform/a'].status).toBe('applied');
  expect(components['terraform/b'].status).toBe('failed');
  expect(components).not.toHaveProperty(['terraform/c']);
});
