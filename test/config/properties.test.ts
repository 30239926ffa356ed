import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConfigFiles, loadDeployment, resolve } from '../../config/index.ts';
import { AtmosError, type Json } from '../../engine/index.ts';
import { plain } from '../../yaml/located.ts';
import { LIST_STRATEGIES, merger } from '../../yaml/merge.ts';
import { readYaml } from '../../yaml/read.ts';
import { limit } from '../pace.ts';
import { OPTIONS, projectOf } from './repository.ts';

/** `FUZZ=100000 npx vitest run --project quick test/config/properties.test.ts` for the long run. */
const RUNS = Number(process.env.FUZZ ?? 400);

const word = fc.constantFrom('a', 'b', 'c', 'base', 'app', 'vars', 'null', '', '*', '../x', 'a/b');
const template = fc.constantFrom(
  '{{ .vars.a }}',
  '{{ .locals.a }}',
  '{{ range .vars }}{{ . }}{{ end }}',
  '{{',
  '{{ nosuch 1 }}',
  '{{ index .vars "a" | default "x" | upper }}',
  'it\'s {{ printf "%v" .settings }}',
  '{{ atmos }}\n{{ .b }}',
);
const tagged = fc.constantFrom(
  '!template {{ toJson .vars }}',
  '!env HOME',
  '!include x.yaml',
  '!append [1]',
  '!labels',
  '!nosuch x',
  '!!int "x"',
  '&a [*a]',
  '*nowhere',
  '!terraform.output base id',
);
const scalar = fc.oneof(
  fc.constantFrom('~', 'true', '1', '-5', '0755', '1e3', '99999999999999999999', '2024-02-29', '"x"', "''"),
  word.map((one) => JSON.stringify(one)),
  template.map((one) => JSON.stringify(one)),
  tagged,
);
const value = fc.letrec<{ value: string; list: string; map: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
  map: fc.dictionary(word, tie('value'), { maxKeys: 3 }).map(
    (entries) =>
      `{${Object.entries(entries)
        .map(([key, one]) => `${JSON.stringify(key)}: ${one}`)
        .join(', ')}}`,
  ),
}));
const sections = fc.constantFrom(
  'vars',
  'env',
  'settings',
  'metadata',
  'backend',
  'backend_type',
  'providers',
  'locals',
  'component',
  'source',
  'overrides',
  'hooks',
  'command',
);
const component = fc.oneof(
  value.value,
  fc.dictionary(sections, fc.oneof(value.value, value.map), { maxKeys: 4 }).map(
    (entries) =>
      `{${Object.entries(entries)
        .map(([key, one]) => `${key}: ${one}`)
        .join(', ')}}`,
  ),
  fc.array(word, { maxLength: 3 }).map((names) => `{metadata: {inherits: ${JSON.stringify(names)}}}`),
);
const manifest = fc
  .record({
    import: fc.option(
      fc.oneof(
        value.value,
        fc.array(fc.constantFrom('top', 'other', 'other/*', './other', 'nowhere'), { maxLength: 2 }).map((one) => JSON.stringify(one)),
      ),
    ),
    top: fc.dictionary(sections, value.value, { maxKeys: 4 }),
    terraform: fc.option(value.value),
    components: fc.option(fc.dictionary(fc.constantFrom('app', 'base', 'a'), component)),
  })
  .map(({ import: imported, top, terraform, components }) => {
    const lines = Object.entries(top).map(([key, one]) => `${key}: ${one}`);
    if (imported !== null) lines.push(`import: ${imported}`);
    if (terraform !== null) lines.push(`terraform: ${terraform}`);
    if (components !== null)
      lines.push('components:', '  terraform:', ...Object.entries(components).map(([name, one]) => `    ${name}: ${one}`));
    return lines.join('\n');
  });

function filesOf(files: Readonly<Record<string, string>>): ConfigFiles {
  return {
    read: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    list: async (dir) =>
      Object.keys(files)
        .filter((path) => path.startsWith(dir))
        .sort(),
  };
}

/** What a deployment of `app` resolves to, or what is reported. @throws whatever else is thrown: a fault */
async function outcome(top: string, other: string): Promise<string> {
  const files = filesOf({
    'atmos.yaml':
      'stacks: { name_template: "{{ .vars.a }}" }\ntemplates: { settings: { enabled: true } }\ndeployments: { functions: { exec: deny } }\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { app: {} } }\n',
    'stacks/top.yaml': top,
    'stacks/other.yaml': other,
  });
  try {
    const project = await projectOf(files);
    const scope = await resolve({ files, project }, await loadDeployment({ files, project }, 'app'), 'default', OPTIONS);
    return JSON.stringify(scope.components);
  } catch (error) {
    if (error instanceof AtmosError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test('a manifest, whatever is in it, resolves or is reported, and twice to the same, keys in one order', {
  timeout: limit(600_000),
}, async () => {
  await fc.assert(
    fc.asyncProperty(manifest, manifest, async (top, other) => {
      expect(await outcome(top, other)).toBe(await outcome(top, other));
    }),
    { numRuns: RUNS },
  );
});

/** Values that are of one kind under one name: a text over a map, and a map over that, is another thing than the map over the map. */
const alike = fc.letrec<{ map: Json }>((tie) => ({
  map: fc.record(
    {
      text: fc.constantFrom<Json>('', 'x', 0, true),
      list: fc.constantFrom<Json>([], [1], [1, 2], [{ a: 1 }]),
      map: fc.oneof({ depthSize: 'small' }, fc.constant<Json>({}), tie('map')),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Json>,
})).map;

test.each(LIST_STRATEGIES.filter((strategy) => strategy !== 'merge'))('merging is associative with the list strategy %s', (strategy) => {
  const { merge } = merger(strategy);
  const located = (one: Json) => readYaml({ file: 'f.yaml', text: JSON.stringify(one) });
  fc.assert(
    fc.property(alike, alike, alike, (a, b, c) => {
      const [x, y, z] = [located(a), located(b), located(c)];
      expect(plain(merge(merge(x, y), z))).toEqual(plain(merge(x, merge(y, z))));
    }),
    { numRuns: Math.min(RUNS, 10_000) },
  );
});
