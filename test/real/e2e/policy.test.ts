import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneShop, newApp, type Shop } from './shop.ts';

const RAVI = { GIT_AUTHOR_NAME: 'Ravi', GIT_AUTHOR_EMAIL: 'ravi@example.com' };

const deployment = (targets: string): string => `deployment:\n  name: app\n  components: { terraform: { a: } }\n  targets: ${targets}\n`;
const RULES = '{ dev: , prod: { promotion: { from: dev, requires_approval: true } } }';
const NONE = '{ dev: , prod: }';

const appWith = (targets: string, files: Readonly<Record<string, string>> = {}): Shop =>
  newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'deployments/app.yaml': deployment(targets),
    ...files,
  });

const push = (app: Shop): string => app.git('push', '--quiet', 'origin', 'HEAD:main');
const codeOf = async (app: Shop, args: string): Promise<unknown> => {
  const { code, json } = await app.ask(args);
  return [code, json.error?.code];
};

/** What lifts the rules of prod in one's own clone, and what it is refused as. */
const LIFTED: readonly (readonly [what: string, lift: (app: Shop) => void, codes: readonly string[], flags?: string])[] = [
  ['a commit that is not pushed', (app) => app.commit('deployments/app.yaml', deployment(NONE)), ['not-promoted']],
  [
    'a file that is not committed',
    (app) => writeFileSync(join(app.dir, 'deployments/app.yaml'), deployment(NONE)),
    ['dirty-tree', 'not-promoted'],
  ],
  [
    'records that go nowhere',
    (app) => app.commit('atmos.yaml', 'base_path: ""\ndeployments: { tracking: { push: false } }\n'),
    ['other-tracking'],
  ],
  [
    'records that go nowhere, not committed',
    (app) => writeFileSync(join(app.dir, 'atmos.yaml'), 'base_path: ""\ndeployments: { tracking: { push: false } }\n'),
    ['other-tracking', 'dirty-tree'],
  ],
  [
    'another remote',
    (app) => {
      app.git('remote', 'add', 'mine', app.remote);
      app.commit('atmos.yaml', 'base_path: ""\ndeployments: { tracking: { remote: mine } }\n');
    },
    ['other-tracking'],
  ],
  [
    'another remote that has other rules',
    (app) => {
      const fork = `${app.remote}.fork`;
      app.git('clone', '--quiet', '--bare', app.remote, fork);
      app.git('remote', 'add', 'fork', fork);
      app.commit('deployments/app.yaml', deployment(NONE));
      app.commit('atmos.yaml', 'base_path: ""\ndeployments: { tracking: { remote: fork } }\n');
      app.git('push', '--quiet', 'fork', 'HEAD:main');
    },
    ['other-tracking'],
  ],
  [
    'another directory of deployments',
    (app) => {
      app.commit('atmos.yaml', 'base_path: ""\ndeployments: { base_path: mine }\n');
      app.git('mv', 'deployments', 'mine');
      app.commit('mine/app.yaml', deployment(NONE));
    },
    ['not-promoted'],
  ],
  [
    'another policy ref',
    (app) => {
      app.git('checkout', '--quiet', '-b', 'mine');
      app.commit('deployments/app.yaml', deployment(NONE));
      app.commit('atmos.yaml', 'base_path: ""\ndeployments: { tracking: { policy_ref: mine } }\n');
      app.git('push', '--quiet', 'origin', 'mine');
    },
    ['not-promoted'],
  ],
  [
    'a branch that is pushed',
    (app) => {
      app.git('checkout', '--quiet', '-b', 'mine');
      app.commit('deployments/app.yaml', deployment(NONE));
      app.git('push', '--quiet', '--set-upstream', 'origin', 'mine');
    },
    ['not-promoted'],
  ],
  [
    'another atmos.yaml that the remote has, too',
    (app) => {
      app.commit('other.yaml', 'deployments: { base_path: mine }\n');
      push(app);
      app.git('mv', 'deployments', 'mine');
      app.commit('mine/app.yaml', deployment(NONE));
    },
    ['not-promoted'],
    '--config other.yaml ',
  ],
  [
    'what this clone believes of the remote',
    (app) => {
      app.commit('deployments/app.yaml', deployment(NONE));
      app.git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    },
    ['not-promoted'],
  ],
];

test.each(LIFTED.map(([what, lift, codes, flags = '']) => ({ what, lift, codes, flags })))(
  '$what lifts no rule',
  async ({ lift, codes, flags }) => {
    const app = appWith(RULES);
    lift(app);
    const refused = await app.ask(`${flags}rollout app --target prod`);
    expect(refused.code).toBe(3);
    expect(codes).toContain(refused.json.error.code);
  },
);

test('a target with rules only accepts what is on the remote’s default branch, also in a shallow clone; others take what is committed', async () => {
  const app = appWith(RULES.replace(', requires_approval: true', ''));
  app.commit('components/terraform/a/main.tf', 'resource "terraform_data" "y" {}\n');
  expect((await app.ask('rollout app --target dev')).json).toMatchObject({ result: 'deployed' });
  expect(await codeOf(app, 'rollout app --target prod --promote-from dev')).toEqual([3, 'not-on-policy-ref']);
  const shallow = cloneShop(app, ['--depth', '1']);
  expect(await codeOf(shallow, 'rollout app --target prod --promote-from dev')).toEqual([3, 'not-on-policy-ref']);
  push(app);
  app.commit('later.txt', 'later\n');
  push(app);
  expect((await app.ask('rollout app --target prod --promote-from dev')).json).toMatchObject({ kind: 'promotion', result: 'deployed' });
  // What runs there is not refused when history is written anew, unless something is to be done.
  app.git('checkout', '--quiet', '--orphan', 'anew');
  app.git('commit', '--quiet', '--message=Anew');
  app.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
  expect((await app.run('rollout app --target prod --promote-from dev')).stdout).toContain('nothing to do');
  expect(await codeOf(app, 'rollout app --target prod --promote-from dev --all')).toEqual([3, 'not-on-policy-ref']);
});

test('rules that are pushed count in every clone, before it has them', async () => {
  const app = appWith(NONE);
  const elsewhere = cloneShop(app);
  app.commit('deployments/app.yaml', deployment(RULES));
  push(app);
  expect(await codeOf(elsewhere, 'rollout app --target prod')).toEqual([3, 'not-promoted']);
});

test('the ref that the default branch names has the rules', async () => {
  const app = appWith(RULES, { 'atmos.yaml': 'base_path: ""\ndeployments: { tracking: { policy_ref: rules } }\n' });
  expect(await codeOf(app, 'rollout app --target prod')).toEqual([2, 'no-policy-ref']);
  app.git('push', '--quiet', 'origin', 'HEAD:rules');
  expect(await codeOf(app, 'rollout app --target prod')).toEqual([3, 'not-promoted']);
  app.commit('deployments/app.yaml', deployment(NONE));
  push(app);
  expect(await codeOf(app, 'rollout app --target prod')).toEqual([3, 'not-promoted']);
  app.git('push', '--quiet', 'origin', 'HEAD:rules');
  expect((await app.ask('rollout app --target prod')).json).toMatchObject({ result: 'deployed' });
});

test('a new deployment or target has its own rules until it is merged, and without a branch on the remote the commit decides', async () => {
  const app = appWith('{ dev: }');
  app.commit('deployments/app.yaml', deployment('{ dev: , stage: { promotion: { from: dev } }, feature: }'));
  expect(await codeOf(app, 'rollout app --target stage')).toEqual([3, 'not-promoted']);
  expect((await app.ask('rollout app --target feature')).json).toMatchObject({ result: 'deployed' });
  app.git('--git-dir', app.remote, 'symbolic-ref', 'HEAD', 'refs/heads/none-yet');
  // The only branch is the default one, whatever the server says.
  expect(await codeOf(app, 'rollout app --target stage')).toEqual([3, 'not-promoted']);
  app.git('push', '--quiet', 'origin', 'HEAD:another');
  expect(await codeOf(app, 'rollout app --target stage')).toEqual([4, 'no-default-branch']);
  app.git('push', '--quiet', 'origin', ':main', ':another');
  expect(await codeOf(app, 'rollout app --target stage')).toEqual([3, 'not-promoted']);
});

test('a release that somebody made is given no secret that the target does not declare', async () => {
  const app = appWith('{ prod: { promotion: { requires_approval: true }, secrets: { TOKEN: { env: PROD_TOKEN } } } }');
  app.commit('deployments/app.yaml', (text) =>
    text.replace('TOKEN: { env: PROD_TOKEN }', 'TOKEN: { env: PROD_TOKEN }, MORE: { env: OTHER_TOKEN }'),
  );
  push(app);
  const env = { PROD_TOKEN: 'one', OTHER_TOKEN: 'two' };
  const waiting = await app.run('rollout app --target prod', { env });
  const id = /--release ([0-9a-f]{12})/.exec(waiting.stderr)?.[1];
  await app.run(`approve app --target prod --release ${id}`, { env: { ...env, ...RAVI } });
  app.commit('deployments/app.yaml', (text) => text.replace(', MORE: { env: OTHER_TOKEN }', ''));
  push(app);
  expect(await app.ask(`rollout app --target prod --release ${id}`, { env })).toMatchObject({
    code: 3,
    json: { error: { code: 'not-declared', message: expect.stringContaining('OTHER_TOKEN') } },
  });
});

test('a lock is taken away from no other root’s deployment of the same name', async () => {
  const app = appWith('{ dev: }');
  await app.run('rollout app --target dev');
  mkdirSync(join(app.dir, 'sub'));
  writeFileSync(join(app.dir, 'sub/atmos.yaml'), '');
  app.git('push', '--quiet', 'origin', `${app.git('hash-object', '-w', 'atmos.yaml')}:refs/atmos/locks/app/dev`);
  expect(await codeOf(app, '--chdir sub unlock app --target dev --force')).toEqual([3, 'other-owner']);
  expect(app.git('ls-remote', 'origin', 'refs/atmos/locks/*')).not.toBe('');
});

test('settings that are not committed are in no release of a commit', async () => {
  const app = appWith('{ dev: }');
  writeFileSync(join(app.dir, '.atmos/evil.yaml'), 'base_path: ""\nenv: { TF_VAR_x: evil }\n');
  expect(await codeOf(app, '--config .atmos/evil.yaml rollout app --target dev')).toEqual([3, 'dirty-tree']);
  app.git('update-index', '--skip-worktree', 'atmos.yaml');
  writeFileSync(join(app.dir, 'atmos.yaml'), 'base_path: ""\nenv: { TF_VAR_x: evil }\n');
  const { json } = await app.ask('rollout app --target dev');
  expect((await app.ask(`release show ${json.release}`)).json.components['terraform/a'].settings.env).toEqual({});
});

test('a release that says it is of a commit which does not make it is not taken', async () => {
  const app = appWith('{ dev: , prod: { promotion: { from: dev } } }');
  await app.run('rollout app --target dev');
  const prod = (await app.ask('release app --target prod')).json.digest.slice('sha256:'.length);
  const ref = `refs/atmos/releases/${prod}`;
  const config = JSON.parse(app.git('show', `${ref}:config.json`));
  config.components['terraform/a'].settings.env = { TF_VAR_x: 'forged' };
  const sorted = app.git('show', `${ref}:config.json`).replace('"env":{}', '"env":{"TF_VAR_x":"forged"}');
  expect(JSON.parse(sorted)).toEqual(config);
  const manifest = JSON.parse(app.git('show', `${ref}:manifest.json`));
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const forged = app
    .git('show', `${ref}:manifest.json`)
    .replace(manifest.config.digest, `sha256:${digest(sorted)}`)
    .replace(`"size":${manifest.config.size}`, `"size":${Buffer.byteLength(sorted)}`);
  const blob = (text: string): string =>
    execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: app.dir, input: text, encoding: 'utf8' }).trim();
  const entries = app
    .git('ls-tree', ref)
    .replace(/\S+(?=\tconfig\.json)/, blob(sorted))
    .replace(/\S+(?=\tmanifest\.json)/, blob(forged));
  const tree = execFileSync('git', ['mktree'], { cwd: app.dir, input: `${entries}\n`, encoding: 'utf8' }).trim();
  const commit = app.git('commit-tree', '-m', 'forged', tree);
  app.git('push', '--quiet', 'origin', `${commit}:refs/atmos/releases/${digest(forged)}`);
  app.git('fetch', '--quiet', 'origin', 'refs/atmos/releases/*:refs/atmos/releases/*');
  expect(await codeOf(app, `rollout app --target prod --release ${digest(forged)}`)).toEqual([3, 'not-reproduced']);
  expect((await app.ask(`rollout app --target prod --release ${prod}`)).json).toMatchObject({ result: 'deployed' });
});

test('what is wrong on the branch that rules are read from is told to be there', async () => {
  const app = appWith(RULES);
  app.commit('deployments/app.yaml', deployment('{ dev: , prod: { promotions: { from: dev } } }'));
  push(app);
  app.git('reset', '--quiet', '--hard', 'HEAD~1');
  const { code, json } = await app.ask('rollout app --target dev');
  expect([code, json.error?.code]).toEqual([2, 'unknown-key']);
  expect(json.error?.message).toMatch(/^the default branch of origin: /);
});
