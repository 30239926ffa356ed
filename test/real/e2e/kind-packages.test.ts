import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newApp, type Shop } from './shop.ts';
import { startWorld } from './world.ts';

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
  [GIVING('{ image: "node", rolout: "true" }'), 'unknown key "rolout" (did you mean "rollout"?)'],
  [
    GIVING('{ image: "node", rollout: "a", destroy: "b", read: "c", outputs: ["x"] }'),
    'have the output "x", but the kind names no setting',
  ],
  [GIVING('Promise.resolve({ image: "node" })'), 'must not be async'],
  [PACKAGE.replace('commands:', 'comands:'), 'commandKind needs "commands"'],
  [PACKAGE.replace('required: true', 'requird: true'), 'it has an unknown key "requird"'],
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
