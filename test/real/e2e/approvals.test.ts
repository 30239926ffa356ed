import { expect, test } from 'vitest';
import { newApp, resourcesOf, type Shop } from './shop.ts';

const RAVI = { GIT_AUTHOR_NAME: 'Ravi', GIT_AUTHOR_EMAIL: 'ravi@example.com' };

const deployment = (targets: string, components = 'a:'): string =>
  `deployment:\n  name: app\n  components: { terraform: { ${components} } }\n  targets: ${targets}\n`;

const appWith = (targets: string, components?: string): Shop =>
  newApp({
    'components/terraform/a/main.tf': 'resource "terraform_data" "x" {}\n',
    'components/terraform/b/main.tf': 'resource "terraform_data" "y" {}\n',
    'deployments/app.yaml': deployment(targets, components),
  });

const codeOf = async (app: Shop, args: string): Promise<unknown> => {
  const { code, json } = await app.ask(args);
  return [code, json.error?.code];
};

async function approveRollout(app: Shop, flags = ''): Promise<void> {
  const waiting = await app.run(`rollout app --target prod${flags}`);
  const id = /--release ([0-9a-f]{12})/.exec(waiting.stderr)?.[1];
  expect((await app.run(`approve app --target prod --release ${id}`, { env: RAVI })).code).toBe(0);
}

async function rolledOut(app: Shop): Promise<void> {
  await approveRollout(app);
  expect((await app.ask('rollout app --target prod')).json).toMatchObject({ result: 'deployed' });
}

test.each([
  ['destroy', 'destroy app --target prod --yes'],
  ['unlock', 'unlock app --target prod --force'],
  ['state', 'state forget app a --target prod --yes'],
])('where rollouts need approval, so does %s: one of somebody else, for once, as the target stands', async (operation, command) => {
  const app = appWith('{ prod: { promotion: { requires_approval: true, approvers: [ana@example.com, ravi@example.com] } } }');
  await rolledOut(app);

  const refused = await app.ask(command);
  expect(refused).toMatchObject({ code: 3, json: { error: { code: 'not-approved' } } });
  expect(refused.json.error.hint).toContain(`approve app --target prod --operation ${operation}`);
  // The approval of the rollout, one's own, and that of somebody who may not are none.
  expect((await app.run(`approve app --target prod --operation ${operation}`)).code).toBe(0);
  expect(await codeOf(app, command)).toEqual([3, 'not-approved']);
  const eve = { GIT_AUTHOR_NAME: 'Eve', GIT_AUTHOR_EMAIL: 'eve@example.com' };
  expect((await app.ask(`approve app --target prod --operation ${operation}`, { env: eve })).json.error.code).toBe('not-an-approver');
  // Neither does a commit of one's own lift it.
  app.commit('deployments/app.yaml', deployment('{ prod: }'));
  expect(await codeOf(app, command)).toEqual([3, 'not-approved']);
  app.git('reset', '--quiet', '--hard', 'origin/main');

  expect((await app.run(`approve app --target prod --operation ${operation}`, { env: RAVI })).code).toBe(0);
  if (operation === 'unlock')
    app.git('push', '--quiet', 'origin', `${app.git('hash-object', '-w', 'atmos.yaml')}:refs/atmos/locks/app/prod`);
  expect((await app.run(command)).code).toBe(0);
  if (operation === 'destroy') expect(resourcesOf(app, 'prod')).toEqual({});
  const { approvals } = JSON.parse(app.git('show', 'refs/atmos/ledger/app/prod:state.json'));
  expect(Object.keys(approvals).filter((key) => key.startsWith(operation))).toEqual([]);
});

test('an approval of a destroy is one of what the target runs then, and nothing else', async () => {
  const app = appWith('{ prod: { promotion: { requires_approval: true } } }');
  await rolledOut(app);
  expect((await app.run('approve app --target prod --operation destroy', { env: RAVI })).code).toBe(0);
  expect((await app.ask('rollout app --target prod --component a')).json.result).toBe('deployed');
  expect(await codeOf(app, 'destroy app --target prod --yes')).toEqual([3, 'not-approved']);
});

test('what --prune destroys is approved by itself', async () => {
  const rules = '{ prod: { promotion: { requires_approval: true } } }';
  const app = appWith(rules, 'a: , b:');
  await rolledOut(app);
  app.commit('deployments/app.yaml', deployment(rules));
  app.git('push', '--quiet', 'origin', 'HEAD:main');
  await approveRollout(app);
  const refused = await app.ask('rollout app --target prod --prune');
  expect(refused).toMatchObject({ code: 3, json: { error: { code: 'not-approved' } } });
  expect(refused.json.error.hint).toContain('approve app --target prod --operation destroy');
  expect(resourcesOf(app, 'prod')).toEqual({ a: 1, b: 1 });
  expect((await app.run('approve app --target prod --operation destroy', { env: RAVI })).code).toBe(0);
  expect((await app.ask('rollout app --target prod --prune')).json).toMatchObject({ result: 'deployed' });
  expect(resourcesOf(app, 'prod')).toEqual({ a: 1 });
  expect(await codeOf(app, 'destroy app --target prod --yes')).toEqual([3, 'not-approved']);
});
