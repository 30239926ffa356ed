import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { call, newApp } from './shop.ts';

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
