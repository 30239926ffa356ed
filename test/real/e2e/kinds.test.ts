import { expect, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';
import { startWorld } from './world.ts';

const READER = 'variable "size" { type = number }\noutput "twice" { value = var.size * 2 }\n';

const deployment = (url: string, size: number, more = ''): string => `deployment:
  name: app
  components:
    shell:
      site:
        vars: { size: ${size} }
        env: { URL: "${url}", SIZE: "{{ .vars.size }}" }
        settings:
          shell:
            image: node
            build: 'printf built > artifact'
            test: 'test "$(cat artifact)" = built'
            plan: 'test "$(wget -qO- "$URL")" = "$SIZE-$(cat artifact)" || exit 2'
            rollout: 'wget -qO- --post-data "$SIZE-$(cat artifact)" "$URL"'
            destroy: 'wget -qO- --post-data "gone" "$URL"'
            read: 'printf "{ \\"size\\": %s }" "$(wget -qO- "$URL" | cut -d- -f1)"'
            outputs: [size]
${more}    terraform:
      reader: { vars: { size: "{{ outputs.shell.site.size }}" } }
  targets: { dev: , prod: { promotion: { from: dev } } }
`;

function app(url: string): Shop {
  return newApp({ 'components/terraform/reader/main.tf': READER, 'deployments/app.yaml': deployment(url, 3) });
}

test('commands are planned, rolled out, read of, checked for drift and destroyed as Terraform components are', async () => {
  const world = await startWorld();
  const shop = app(world.url);
  expect(await shop.ask('test app --target dev')).toMatchObject({ code: 0, json: { nodes: { 'shell/site/test': { status: 'done' } } } });

  const planned = await shop.ask('plan app --target dev');
  expect(planned.json).toMatchObject({
    components: { 'shell/site': { update: 1, changes: [{ address: 'rollout' }] } },
    unknown: { 'terraform/reader': ['shell/site'] },
  });
  expect(world.value).toBe('');

  const first = await shop.ask('rollout app --target dev');
  expect(first).toMatchObject({
    code: 0,
    json: { components: { 'shell/site': { action: 'applied' }, 'terraform/reader': { action: 'applied' } } },
  });
  expect(world.value).toBe('3-built');

  const before = world.asked.length;
  expect((await shop.ask('rollout app --target dev')).json).toMatchObject({ result: 'up-to-date' });
  expect((await shop.ask('rollout app --target dev --all')).json.components['shell/site']).toMatchObject({ action: 'unchanged' });
  // Nothing was to do, which asks and changes nothing.
  expect(world.asked.slice(before).filter((one) => one.startsWith('POST'))).toEqual([]);

  shop.commit('deployments/app.yaml', deployment(world.url, 4));
  expect((await shop.ask('rollout app --target dev')).json.components).toMatchObject({
    'shell/site': { action: 'applied' },
    'terraform/reader': { action: 'applied' },
  });
  expect(world.value).toBe('4-built');

  world.value = 'something else';
  expect(await shop.ask('verify app --target dev')).toMatchObject({ code: 1, json: { error: { code: 'wrong-outputs' } } });
  world.value = '5-built';
  expect(await shop.ask('verify app --target dev')).toMatchObject({ code: 1, json: { error: { code: 'drift' } } });
  expect((await shop.ask('rollout app --target dev --all')).json.components['shell/site']).toMatchObject({ action: 'applied' });

  expect(await shop.ask('destroy app --target dev --yes')).toMatchObject({ code: 0 });
  expect(world.value).toBe('gone');
}, 60_000);

test('a promotion takes what was built, and builds nothing', async () => {
  const world = await startWorld();
  const shop = app(world.url);
  expect(await shop.ask('rollout app --target dev')).toMatchObject({ code: 0 });
  const [dev] = (await shop.ask('history app --target dev')).json.records;
  const promoted = await shop.ask('rollout app --target prod --promote-from dev');
  expect(promoted).toMatchObject({ code: 0, json: { components: { 'shell/site': { action: 'unchanged' } } } });
  expect((await shop.run('logs last')).stdout).not.toContain('shell/site/build');
  const config = async (release: string) => (await shop.ask(`release show ${release}`)).json.components['shell/site'];
  expect((await config(promoted.json.release)).artifact).toBe((await config(dev.release)).artifact);
  expect(await shop.ask(`reproduce ${dev.release}`)).toMatchObject({ code: 0 });
});

test('outputs that can not be read fail the component that printed them, which is recorded', async () => {
  const shop = newApp({
    'deployments/app.yaml': `deployment:
  name: app
  components:
    shell: { job: { settings: { shell: { image: node, rollout: "true", destroy: "true", read: "echo nothing", outputs: [url] } } } }
  targets: { dev: }
`,
  });
  const rolled = await shop.ask('rollout app --target dev');
  expect(rolled).toMatchObject({
    code: 1,
    json: { error: { code: 'wrong-outputs', message: expect.stringMatching(/^shell\/job\/apply: /) } },
  });
  expect((await shop.ask('history app --target dev')).json.records).toMatchObject([
    { result: 'failed', components: { 'shell/job': { action: 'failed', began: true } } },
  ]);
});

test('commands run in a writable directory with their own environment, and what they can not be meant to do fails', async () => {
  const shop = newApp({
    'deployments/app.yaml': `deployment:
  name: app
  components:
    shell:
      # Without a directory, with variables that scripts of ours have too, without anything left by its plan.
      odd:
        env: { code: "77", atmos_child: kept, QUOTED: "it's \\"so\\" $HOME\\n two" }
        settings:
          shell:
            image: node
            plan: 'test "$code" = 77 && test "${'$'}{#QUOTED}" = 20 && exit 2'
            rollout: 'echo x > file && cd "$ATMOS_PLAN" && test "$code-$atmos_child" = 77-kept'
            destroy: "true"
      broken: { settings: { shell: { image: node, plan: "if then", rollout: "true", destroy: "true" } } }
      silent: { settings: { shell: { image: node, rollout: "true", destroy: "true", read: "echo {}", outputs: [url] } } }
  targets: { dev: }
`,
  });
  const { json, code } = await shop.ask('rollout app --target dev --keep-going');
  expect(code).toBe(1);
  expect(json.errors).toMatchObject([
    { message: expect.stringMatching(/^shell\/broken\/plan: /) },
    { code: 'wrong-outputs', message: 'shell/silent/apply: its outputs lack url, which it declares' },
  ]);
  const [{ components }] = (await shop.ask('history app --target dev')).json.records;
  expect(components).toMatchObject({
    'shell/odd': { action: 'applied' },
    'shell/broken': { action: 'failed', began: false },
    'shell/silent': { action: 'failed', began: true },
  });
});

const plain = (settings: string, url = 'none'): string => `deployment:
  name: app
  components: { shell: { job: { env: { URL: "${url}" }, settings: { shell: ${settings} } } } }
  targets: { dev: }
`;

test('what was rolled out is not forgotten when its commands are taken away, but destroyed first', async () => {
  const world = await startWorld();
  const shop = newApp({
    'deployments/app.yaml': plain(
      `{ image: node, rollout: 'wget -qO- --post-data up "$URL"', destroy: 'wget -qO- --post-data gone "$URL"' }`,
      world.url,
    ),
  });
  expect(await shop.run('rollout app')).toMatchObject({ code: 0 });
  shop.commit('deployments/app.yaml', plain("{ image: node, build: 'true' }", world.url));
  const refused = await shop.ask('rollout app');
  expect([refused.code, refused.json.error]).toMatchObject([
    3,
    { code: 'rollout-gone', hint: expect.stringContaining('destroy app --target dev --component shell/job') },
  ]);
  expect((await shop.run('plan app')).stdout).toContain('has nothing to roll out or destroy any more');
  expect(await shop.run('destroy app --target dev --component shell/job --yes')).toMatchObject({ code: 0 });
  expect(world.value).toBe('gone');
  expect(await shop.run('rollout app')).toMatchObject({ code: 0 });
});

test('two releases differ in the commands that they run, too', async () => {
  const shop = newApp({ 'deployments/app.yaml': plain("{ image: node, rollout: 'echo one', destroy: 'true' }") });
  shop.commit('deployments/app.yaml', plain("{ image: node, network: host, rollout: 'echo two', destroy: 'true' }"));
  expect((await shop.ask('diff app HEAD~1 HEAD --target dev')).json.differences).toEqual([
    { component: 'shell/job', what: 'settings.network', before: 'bridge', after: 'host' },
    { component: 'shell/job', what: 'settings.rollout', before: 'echo one', after: 'echo two' },
  ]);
});

test('settings of commands are checked before anything is built, tested or planned, at their line', async () => {
  const shop = newApp({ 'deployments/app.yaml': plain('{ image: node, tets: x }') });
  for (const verb of ['validate', 'build', 'test', 'plan', 'rollout']) {
    expect([verb, (await shop.ask(`${verb} app`)).json.error]).toMatchObject([verb, { code: 'unknown-key', line: 3 }]);
  }
  shop.commit('deployments/app.yaml', plain(`{ image: node, test: 'echo ${'x'.repeat(130_000)}' }`));
  expect((await shop.ask('validate app')).json.error).toMatchObject({ code: 'wrong-commands', line: 3 });
  shop.commit('deployments/app.yaml', plain("{ image: node, rollout: 'for', destroy: 'true' }"));
  const planned = await shop.run('plan app');
  expect([planned.code, planned.stderr]).toEqual([1, expect.stringContaining("the shell can't read the command: rollout")]);
});

test('what is destroyed with outputs that can not be read is told what to do, and destroyed once they can', async () => {
  const world = await startWorld();
  const shop = newApp({
    'deployments/app.yaml': `deployment:
  name: app
  components:
    shell:
      job:
        env: { URL: "${world.url}" }
        settings:
          shell:
            image: node
            rollout: 'wget -qO- --post-data 1 "$URL"'
            destroy: 'wget -qO- --post-data gone "$URL"'
            read: 'test "$(wget -qO- "$URL")" = 1 && echo "{ \\"v\\": 1 }"'
            outputs: [v]
      next:
        vars: { v: "{{ outputs.shell.job.v }}" }
        settings: { shell: { image: node, rollout: "true", destroy: 'grep 1 "$ATMOS_VARS"' } }
  targets: { dev: }
`,
  });
  expect(await shop.run('rollout app')).toMatchObject({ code: 0 });
  // Somebody removes it by hand.
  world.value = '';
  const refused = await shop.run('destroy app --target dev --yes');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Roll the component out again if what it reads is gone')]);
  expect(await shop.run('rollout app --component shell/job')).toMatchObject({ code: 0 });
  expect(await shop.run('destroy app --target dev --yes')).toMatchObject({ code: 0 });
  expect(world.value).toBe('gone');
});
