import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { address } from './ports.ts';
import { call, newApp, type Shop } from './shop.ts';

/** Something that commands change: a text that is read by GET and set by POST. */
async function startWorld(): Promise<{ readonly url: string; value: string; readonly asked: string[] }> {
  const world = { url: '', value: '', asked: [] as string[] };
  const server = createServer((request, response) => {
    let body = '';
    world.asked.push(`${request.method} ${request.url}`);
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      if (request.method === 'POST') world.value = body;
      response.end(world.value);
    });
  });
  await new Promise<void>((done) => server.listen(0, done));
  onTestFinished(() => void server.close());
  return Object.assign(world, { url: `http://${address()}:${(server.address() as AddressInfo).port}` });
}

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

const PACKAGE = `export default ({ commandKind }) => commandKind({
  name: 'note',
  settings: { text: { type: 'string', required: true } },
  commands: (component) => ({
    image: 'node', inputs: [], install: null, build: null, test: null, plan: null, network: 'bridge', outputs: [], read: null,
    rollout: \`wget -qO- --post-data "\${component.sections.settings.note.text}" "$URL"\`,
    destroy: 'wget -qO- --post-data "" "$URL"',
  }),
});
`;

function withPackage(url: string): Shop {
  return newApp({
    '.gitignore': '.atmos/\nnode_modules/\n',
    'atmos.yaml': 'base_path: ""\ndeployments: { kinds: { note: "@acme/atmos-kind-note" } }\n',
    'node_modules/@acme/atmos-kind-note/package.json': '{ "name": "@acme/atmos-kind-note", "type": "module", "exports": "./index.js" }',
    'node_modules/@acme/atmos-kind-note/index.js': PACKAGE,
    'deployments/app.yaml': `deployment:
  name: app
  components: { note: { hello: { env: { URL: "${url}" }, settings: { note: { text: hello } } } } }
  targets: { dev: }
`,
  });
}

test('a kind of an npm package is one like the others', async () => {
  const world = await startWorld();
  const shop = withPackage(world.url);
  expect(await shop.ask('validate app')).toMatchObject({ code: 0 });
  expect(await shop.ask('rollout app --target dev')).toMatchObject({
    code: 0,
    json: { components: { 'note/hello': { action: 'applied' } } },
  });
  expect(world.value).toBe('hello');
  shop.commit('deployments/app.yaml', (before) => before.replace('note: { text: hello }', 'note: { txt: hello }'));
  expect((await shop.ask('validate app')).json.error).toMatchObject({ code: 'unknown-key', hint: 'did you mean "text"?' });
  // What runs is destroyed as it was rolled out.
  expect(await shop.ask('destroy app --target dev --yes')).toMatchObject({ code: 0 });
  expect(world.value).toBe('');
});

test('a package that is not installed, or is not one, is told; and none is taken that another commit names', async () => {
  const world = await startWorld();
  const shop = withPackage(world.url);
  expect(await shop.ask('rollout app --target dev')).toMatchObject({ code: 0 });
  const [{ release }] = (await shop.ask('history app --target dev')).json.records;
  writeFileSync(join(shop.dir, 'node_modules/@acme/atmos-kind-note/index.js'), 'export default 1;\n');
  expect((await shop.ask('validate app')).json.error).toMatchObject({
    code: 'kind-package',
    message: expect.stringContaining('has no default export function'),
  });
  shop.commit('atmos.yaml', (before) => before.replace('kind-note"', 'kind-not"'));
  expect((await shop.ask('validate app')).json.error).toMatchObject({ code: 'kind-package', hint: expect.stringContaining('npm install') });
  shop.commit('atmos.yaml', 'base_path: ""\n');
  expect((await shop.ask(`reproduce ${release}`)).json.error).toMatchObject({ code: 'kind-package' });
});

const OTHER = `deployment:
  name: other
  components: { shell: { job: { settings: { shell: { image: node, rollout: 'true', destroy: 'true' } } } } }
  targets: { dev: }
`;

const NOTE = 'node_modules/@acme/atmos-kind-note';
const CJS = `Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = ${PACKAGE.slice(PACKAGE.indexOf('({')).replace(/;\s*$/, '')};\n`;

test.each([
  ['only has an entry for import', { 'package.json': '{ "name": "x", "exports": { "import": "./index.mjs" } }', 'index.mjs': PACKAGE }],
  ['was compiled to CommonJS', { 'package.json': '{ "name": "x", "main": "./index.cjs" }', 'index.cjs': CJS }],
])('a package that %s is one', async (_, files) => {
  const shop = withPackage('http://127.0.0.1:1');
  rmSync(join(shop.dir, NOTE), { recursive: true });
  mkdirSync(join(shop.dir, NOTE));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(shop.dir, NOTE, path), text);
  expect(await shop.ask('validate app')).toMatchObject({ code: 0 });
});

const GIVING = (commands: string): string => PACKAGE.replace(/commands: [\s\S]*?\n {2}\}\),/, `commands: () => (${commands}),`);

test.each([
  ['throw null;', 'cannot be loaded: null'],
  ['export default () => { throw null; };', 'fails: null'],
  ['export default async () => ({});', 'exports an async function'],
  ['export default () => ({ spec: { name: "note" } });', 'has no function "images"'],
  [PACKAGE.replace("type: 'string'", "type: 'strin'"), 'has a wrong setting "text": it must have a type'],
  [GIVING('{ image: "node", network: "foo" }'), '"network", got "foo"'],
  [GIVING('{ image: "node", rollout: 5, destroy: "true" }'), 'as "rollout"'],
  [GIVING('{ image: "node", rollout: "true" }'), 'both "rollout" and "destroy"'],
  [GIVING('undefined'), 'are not an object'],
])('what a package does wrong is told where it is named: %s', async (text, message) => {
  const shop = withPackage('http://127.0.0.1:1');
  writeFileSync(join(shop.dir, NOTE, 'index.js'), text);
  const { error } = (await shop.ask('rollout app --target dev')).json;
  expect(error).toMatchObject({
    code: 'kind-package',
    message: expect.stringContaining(message),
    file: 'atmos.yaml',
    line: 2,
  });
});

test.each([
  ['{ note: fs }', 'kind-package', 'is a module of Node.js'],
  ['{ store: "@acme/atmos-kind-note" }', 'wrong-value', '"store" is built in'],
  ['{ constructor: "@acme/atmos-kind-note" }', 'wrong-value', '"constructor" is built in'],
])('no package is taken for %s', async (kinds, code, message) => {
  const shop = withPackage('http://127.0.0.1:1');
  writeFileSync(join(shop.dir, 'fs'), PACKAGE);
  shop.commit('atmos.yaml', () => `base_path: ""\ndeployments: { kinds: ${kinds} }\n`);
  expect((await shop.ask('validate app')).json.error).toMatchObject({
    code,
    message: expect.stringContaining(message),
    line: 2,
  });
});

test('a package that can not be loaded stands in the way of nothing that does not need it', async () => {
  const world = await startWorld();
  const shop = withPackage(world.url);
  writeFileSync(join(shop.dir, 'deployments/other.yaml'), OTHER);
  expect((await shop.run('images build other')).code).toBe(0);
  shop.git('add', '--all');
  shop.git('commit', '--quiet', '--message=Add another deployment');
  expect(await shop.ask('rollout app --target dev')).toMatchObject({ code: 0 });
  rmSync(join(shop.dir, 'node_modules'), { recursive: true });
  for (const command of [
    'status',
    'history app --target dev',
    'list',
    'cache stats',
    'rollout other --target dev',
    'unlock app --target dev --force',
  ])
    expect([command, await shop.ask(command)]).toMatchObject([command, { code: 0 }]);
  for (const command of ['validate app', 'rollout app --target dev', 'destroy app --target dev --yes'])
    expect([command, (await shop.ask(command)).json.error]).toMatchObject([command, { code: 'kind-package', file: 'atmos.yaml', line: 2 }]);
});

test('a rollout sees that a package changed, though the commit is the same', async () => {
  const world = await startWorld();
  const shop = withPackage(world.url);
  expect(await shop.ask('rollout app --target dev')).toMatchObject({ code: 0 });
  writeFileSync(join(shop.dir, NOTE, 'index.js'), PACKAGE.replace('wget -qO-', 'wget  -qO-'));
  expect((await shop.ask('rollout app --target dev')).json.components['note/hello'].action).toBe('applied');
});

/** A kind from nothing but what phases give: each component is a file that a rollout prints. */
const GREETING = `import { makeTree, type Node } from '../../engine/index.ts';
import { type ComponentKind, exec, type Instance, input, plainSource, script, step } from '../../phases/index.ts';

const run = (instance: Instance, name: string, text: string, output: string): Node =>
  step(instance.address, name, {
    inputs: [input('/layer', instance.layer)],
    cache: 'never',
    action: exec({ image: instance.image, argv: script(text), outputs: [{ name: output, path: '/out' }] }),
  });

export const greeting: ComponentKind = {
  spec: { name: 'greeting', inStacks: false, isModule: false, hasEnvironment: false, source: 'base-path', produces: 'outputs' },
  images: () => ['node'],
  gather: plainSource,
  layer: ({ address }, { inputs }) => [
    step(address, 'synth', {
      inputs: [input('/source', inputs.sources[address]?.tree ?? '')],
      action: exec({
        image: inputs.images.node?.digest ?? '',
        argv: script('mkdir /out/source && cp -RP /source/. /out/source'),
        outputs: [{ name: 'files', path: '/out' }],
      }),
    }),
  ],
  settings: () => ({}),
  isTakenWhole: true,
  rollout: {
    image: () => 'node',
    plans: () => false,
    open: async () => ({ outputs: ['text'], variableTypes: {}, expressions: new Set(), state: undefined, trees: {} }),
    prepare: () => [],
    plan: (instance, { destroy, after }) => ({ ...run(instance, destroy ? 'plan-destroy' : 'plan', 'true', 'plan'), after }),
    apply: (instance, { destroy }) => ({
      ...run(instance, destroy ? 'destroy' : 'apply', \`printf '{ "text": "%s" }' "$(cat /layer/source/*)" > /out/values.json\`, 'outputs'),
      after: [instance.address + (destroy ? '/plan-destroy' : '/plan')],
    }),
    outputs: (instance) => run(instance, 'outputs', 'printf "{}" > /out/values.json', 'outputs'),
    readPlan: async () => ({ create: 0, update: 1, delete: 0, changes: [{ address: 'greeting', actions: ['update'] }], warnings: [] }),
    plannedOutputs: async (_plan, _instance, store) => ({
      changed: new Set(['text']),
      unknown: new Set(['text']),
      tree: await store.ephemeral.putTree(makeTree([])),
      sensitive: [],
    }),
  },
};
`;

test('a new kind is a folder of at most 80 lines and one line of the registry', async () => {
  const root = resolve(import.meta.dirname, '../../..');
  const copy = mkdtempSync(join(tmpdir(), 'atmos-new-kind-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\0');
  for (const file of files.filter((path) => path !== '' && !/^(test|deployments-example|docs|bench)\//.test(path)))
    cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, 'kinds/greeting'));
  writeFileSync(join(copy, 'kinds/greeting/index.ts'), GREETING);
  appendFileSync(join(copy, 'kinds/registry.ts'), "export { greeting } from './greeting/index.ts';\n");
  expect(GREETING.split('\n').length).toBeLessThanOrEqual(80);
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: copy, stdio: 'pipe' });

  const shop = newApp({
    'components/greeting/hello/text': 'good morning',
    'components/terraform/reader/main.tf': 'variable "text" { type = string }\noutput "text" { value = var.text }\n',
    'deployments/app.yaml': `deployment:
  name: app
  components: { greeting: { hello: }, terraform: { reader: { vars: { text: "{{ outputs.greeting.hello.text }}" } } } }
  targets: { dev: }
`,
  });
  const bin = join(copy, 'dist/atmos-deployment.js');
  const rolled = await call(['--format', 'json', 'rollout', 'app', '--target', 'dev'], { cwd: shop.dir, bin });
  expect(rolled).toMatchObject({
    code: 0,
    json: { components: { 'greeting/hello': { action: 'applied' }, 'terraform/reader': { action: 'applied' } } },
  });
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
