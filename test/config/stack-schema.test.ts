import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { deploymentSchema } from '../../config/deployment/schema.ts';
import { STACK_MEANINGS } from '../../config/stacks/meanings.ts';
import { stackSchema } from '../../config/stacks/schema.ts';
import { plain } from '../../yaml/located.ts';
import { readYaml } from '../../yaml/read.ts';
import { CONFORMANCE, cases } from './conformance.ts';
import { refusal, scopeOf } from './repository.ts';

const check = new Ajv2020({ strict: false, allErrors: true, allowUnionTypes: true }).compile(stackSchema);
const errorsOf = (text: string): readonly string[] =>
  check(plain(readYaml({ file: 'stack.yaml', text })))
    ? []
    : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

function manifestsOf(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ya?ml$/.test(path) && !path.startsWith('data/'))
    .map((path) => join(dir, path));
}

test.each(cases('stacks'))('the schema takes what Atmos takes: %s', (name) => {
  for (const path of manifestsOf(join(CONFORMANCE, 'stacks', name, 'stacks'))) {
    expect([path, errorsOf(readFileSync(path, 'utf8'))]).toEqual([path, []]);
  }
});

test.each([
  'plan-config: { a: 1 }',
  'components: { script: { app: { command: x } } }',
  'components: { terraform: { app: { depends_on: [a] } } }',
])('the schema takes what is somebody’s own: %s', (text) => {
  expect(errorsOf(text)).toEqual([]);
});

test.each([
  'metadata: { name: x }',
  'helmfile: { backend: {} }',
  'components: { packer: { app: { backend: {} } } }',
  'import: [{ paht: a }]',
  'import: [{ path: a, skip: true }]',
  'metadata: { component: app }',
  'terraform: { source: { uri: x } }',
  'components: { terraform: { app: { metadata: { inherits: [a, a] } } } }',
  'components: { terraform: { app: { source: { version: "1" } } } }',
  'components: { terraform: { app: { vars: [1] } } }',
  'components: { terraform: { app: { varz: {} } } }',
])('the schema refuses what Atmos refuses: %s', (text) => {
  expect(errorsOf(text)).not.toEqual([]);
});

test.each([
  ['components: { terraform: { a: { metadata: { inherits: [b, b] } }, b: {} } }', 'duplicate-base'],
  ['components: { terraform: { a: { source: { version: "1" } } } }', 'missing-key'],
  ['terraform: { source: { uri: x } }', 'not-for-all'],
])('resolving refuses it, too: %s', async (text, code) => {
  const deployment = 'deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { a: {} } }\n';
  expect(await refusal(scopeOf({ 'deployments/app.yaml': deployment, 'stacks/top.yaml': text }))).toMatchObject({ code });
});

test('docs/stacks.md says of every key what comes of it', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/stacks.md'), 'utf8').replaceAll(/ +/g, ' ');
  const missing = Object.entries(STACK_MEANINGS).filter(([key, meaning]) => !text.includes(`| \`${key}\` | ${meaning} |`));
  expect(missing).toEqual([]);
});

test.each([
  ['deployment', deploymentSchema],
  ['stack', stackSchema],
])('every key of the schema of a %s has a description', (_, schema) => {
  const bare: string[] = [];
  const visit = (part: unknown, at: string): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [keyword, below] of Object.entries(part)) {
      if (keyword === 'properties')
        for (const [key, property] of Object.entries(below as Record<string, { description?: string }>))
          if (property.description === undefined) bare.push(`${at}.${key}`);
      visit(below, `${at}/${keyword}`);
    }
  };
  visit(schema, '');
  expect(bare).toEqual([]);
});
