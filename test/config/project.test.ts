import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findRoot, relativeTo, workingTree } from '../../config/index.ts';
import type { AtmosError } from '../../engine/index.ts';
import { placeOf, projectOf, refusal, repository } from './repository.ts';

describe('findRoot', () => {
  test('prefers an ancestor with atmos.yaml to a nearer one with deployments/', async () => {
    const root = await repository({ 'atmos.yaml': '', 'sub/deployments/a.yaml': '' });
    expect(findRoot(join(root, 'sub/deployments'))).toBe(root);
  });

  test('takes the nearest ancestor with deployments/ when there is no atmos.yaml', async () => {
    const root = await repository({ 'deployments/a.yaml': '' });
    await mkdir(join(root, 'a/b'), { recursive: true });
    expect(findRoot(join(root, 'a/b'))).toBe(root);
  });

  test('refuses a directory that is in no repository', async () => {
    expect(await refusal((async () => findRoot(await repository({})))())).toMatchObject({ kind: 'invalid', code: 'no-repository' });
  });
});

describe('loadProject', () => {
  test('has a default for everything when there is no atmos.yaml', async () => {
    const project = await projectOf(workingTree(await repository({})));
    expect(project.files).toEqual([]);
    expect(project.stacks.basePath).toBe('stacks');
    expect(project.components.terraform).toMatchObject({ basePath: 'components/terraform', command: 'terraform' });
    expect(project.deployments).toEqual({
      basePath: 'deployments',
      engine: { runtime: 'auto', parallelism: undefined, pools: new Map(), isolation: undefined, cacheDir: '.atmos/cache' },
      images: {},
      providers: { mirror: undefined },
      tracking: { remote: undefined, push: true },
      exec: 'allow',
    });
  });

  test('puts base_path before the other paths and leaves unknown keys alone', async () => {
    const root = await repository({
      'atmos.yaml': `
base_path: ./infra
logs: { level: Info }
components: { terraform: { base_path: modules/, command: tofu } }
deployments:
  engine: { parallelism: 4, pools: { plan: 2 }, cache: { dir: /var/cache/atmos } }
  images: { terraform: "hashicorp/terraform:1.11.4" }
  functions: { exec: deny }
`,
    });
    const project = await projectOf(workingTree(root));
    expect(project.stacks.basePath).toBe('infra/stacks');
    expect(project.components.terraform).toMatchObject({ basePath: 'infra/modules', command: 'tofu' });
    expect(project.deployments).toMatchObject({
      basePath: 'infra/deployments',
      engine: { runtime: 'auto', parallelism: 4, pools: new Map([['plan', 2]]), cacheDir: '/var/cache/atmos' },
      images: { terraform: 'hashicorp/terraform:1.11.4' },
      exec: 'deny',
    });
  });

  test.each(['atmos.yml', '.atmos.yaml', '.atmos.yml'])('reads %s where there is no atmos.yaml', async (name) => {
    const root = await repository({ [name]: 'stacks: { base_path: own }', 'sub/deployments/a.yaml': '' });
    expect(findRoot(join(root, 'sub'))).toBe(root);
    expect(await projectOf(workingTree(root))).toMatchObject({ files: [name], stacks: { basePath: 'own' } });
  });

  test('takes a base_path with dots from the file on that says it, and any other from the root on', async () => {
    const base = async (said: string): Promise<string> =>
      (
        await projectOf(workingTree(await repository({ 'conf/atmos/atmos.yaml': `base_path: "${said}"` })), {
          config: 'conf/atmos/atmos.yaml',
        })
      ).stacks.basePath;
    expect(await Promise.all(['', '.', '../..', '../infra', 'infra'].map(base))).toEqual([
      'stacks',
      'conf/atmos/stacks',
      'stacks',
      'conf/infra/stacks',
      'infra/stacks',
    ]);
  });

  test('takes names and paths from the variables that Atmos reads in their place', async () => {
    const root = await repository({ 'atmos.yaml': 'base_path: infra\nstacks: { name_pattern: "{stage}" }' });
    const env = {
      ATMOS_BASE_PATH: `${root}/other`,
      ATMOS_STACKS_BASE_PATH: 'manifests',
      ATMOS_STACKS_NAME_PATTERN: '{tenant}',
      ATMOS_COMPONENTS_TERRAFORM_BASE_PATH: 'modules',
      ATMOS_COMPONENTS_TERRAFORM_COMMAND: 'tofu',
      ATMOS_SETTINGS_LIST_MERGE_STRATEGY: 'append',
    };
    expect(await projectOf(workingTree(root), { env: relativeTo(root, env) })).toMatchObject({
      stacks: { basePath: 'other/manifests', namePattern: '{tenant}' },
      components: { terraform: { basePath: 'other/modules', command: 'tofu' } },
      listMergeStrategy: 'append',
    });
    expect((await projectOf(workingTree(root), { env: { ATMOS_BASE_PATH: '' } })).basePath).toBe('infra');
    expect(await refusal(projectOf(workingTree(root), { env: relativeTo(root, { ATMOS_BASE_PATH: '/elsewhere' }) }))).toMatchObject({
      code: 'wrong-value',
      message: expect.stringContaining('ATMOS_BASE_PATH'),
    });
  });

  test('puts profiles over all other settings, the last most', async () => {
    const root = await repository({
      'atmos.yaml': 'stacks: { base_path: own, name_pattern: "{stage}" }\nprofiles: { base_path: conf }',
      'conf/ci/a.yaml': 'stacks: { base_path: ci }',
      'conf/ci/b/c.yaml': 'stacks: { name_pattern: "{tenant}" }',
      'profiles/ci/a.yaml': 'stacks: { base_path: never }',
      'profiles/dev/a.yml': 'stacks: { base_path: dev }',
    });
    const stacks = async (ATMOS_PROFILE: string) => (await projectOf(workingTree(root), { env: { ATMOS_PROFILE } })).stacks;
    expect(await stacks('ci')).toMatchObject({ basePath: 'ci', namePattern: '{tenant}' });
    expect(await stacks('ci, dev')).toMatchObject({ basePath: 'dev', namePattern: '{tenant}' });
    expect(await refusal(stacks('none'))).toMatchObject({
      code: 'unknown-profile',
      hint: expect.stringContaining('conf, .atmos/profiles, profiles'),
    });
  });

  test('refuses every key of deployments that it does not know, with the one that was meant', async () => {
    const root = await repository({
      'atmos.yaml': `
deployments:
  cache: { dir: x }
  engine: { runtme: docker, cache: { remot: "oci://x" } }
  images: { anything: "a:1" }
  tracking: { push: false, policy-ref: main }
`,
    });
    const error: unknown = await projectOf(workingTree(root)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unknown-key', position: { file: 'atmos.yaml', line: 3, column: 3 } });
    const { message, others } = error as AtmosError;
    expect([message, ...others.map((other) => `${other.message}: ${other.hint}`)]).toEqual([
      'unknown key "cache" in "deployments"',
      'unknown key "runtme" in "deployments.engine": did you mean "runtime"?',
      'unknown key "remot" in "deployments.engine.cache": did you mean "remote"?',
      'unknown key "policy-ref" in "deployments.tracking": did you mean "policy_ref"?',
    ]);
  });

  test('puts atmos.d, .atmos.d and imports under atmos.yaml, each import before what it imports, and names all files', async () => {
    const say = (name: string, from: number): string =>
      `deployments: { images: { ${['atmosd', 'inner', 'dot', 'first', 'nested', 'second', 'main'].slice(from).map((key) => `${key}: ${name}`)} } }\n`;
    const root = await repository({
      'atmos.yaml': `base_path: infra\nimport: [conf/first, "conf/glob/**/*", conf/empty]\n${say('main', 6)}`,
      'atmos.d/z.yaml': say('atmosd', 0),
      'atmos.d/z.yml': 'import: [never]',
      'atmos.d/a/inner.yml': say('inner', 1),
      '.atmos.d/dot.yaml': say('dot', 2),
      'infra/conf/first.yaml': `import: [conf/nested.yaml]\n${say('first', 3)}`,
      'infra/conf/nested.yaml': say('nested', 4),
      'infra/conf/glob/x/second.yaml': say('second', 5),
      'infra/conf/empty/none.yaml': '',
    });
    const project = await projectOf(workingTree(root));
    const { images } = project.deployments;
    expect(images).toEqual(Object.fromEntries(Object.keys(images).map((name) => [name, name])));
    expect(Object.keys(images)).toHaveLength(7);
    expect(project.unread).toEqual([]);
    expect(project.files).toEqual([
      'atmos.yaml',
      'atmos.d/z.yaml',
      'atmos.d/a/inner.yml',
      '.atmos.d/dot.yaml',
      'infra/conf/first.yaml',
      'infra/conf/nested.yaml',
      'infra/conf/glob/x/second.yaml',
      'infra/conf/empty/none.yaml',
    ]);
  });

  test('goes on without imports that give nothing, and tells of each at its place', async () => {
    const root = await repository({
      'atmos.yaml': 'import:\n  - https://example.com/commands.yaml\n  - missing\n  - ../outside\n  - loop\nstacks: { base_path: own }',
      'loop.yaml': 'import: loop\nstacks: { base_path: other, name_pattern: "{stage}" }',
    });
    const { stacks, unread } = await projectOf(workingTree(root));
    expect(stacks).toMatchObject({ basePath: 'own', namePattern: '{stage}' });
    expect(unread.map((one) => `${placeOf(one)} ${one.message}`)).toEqual([
      'atmos.yaml:2:5 "https://example.com/commands.yaml" is not in the repository, and settings are read from nowhere else',
      'atmos.yaml:3:5 no configuration file matches "missing"',
      'atmos.yaml:4:5 no configuration file matches "../outside"',
      'loop.yaml:1:9 imports are nested more than 10 levels deep',
    ]);
  });

  test('takes !repo-root for the root, and runs no other function where it reads a setting', async () => {
    const load = async (text: string) => projectOf(workingTree(await repository({ 'atmos.yaml': text })));
    expect((await load('base_path: !repo-root\ncommands: [!include x.yaml]')).basePath).toBe('');
    expect((await load('base_path: !repo-root ..')).stacks.basePath).toBe('stacks');
    const error = await refusal(load('stacks:\n  base_path: !env STACKS'));
    expect(error).toMatchObject({ code: 'unsupported-function', hint: 'use a literal value' });
    expect(placeOf(error)).toBe('atmos.yaml:2:19');
  });

  test.each([
    ['infra', 'atmos.yaml', '..'],
    ['', 'etc/atmos/atmos.yaml', ''],
    ['infra', 'etc/atmos.yaml', '..'],
  ])('takes !repo-root for the Git repository’s root where that is above or below (%j, %s)', async (dir, file, expected) => {
    const root = await repository({ [join(dir, file)]: 'base_path: !repo-root', '.git/HEAD': '' });
    const project = await projectOf(workingTree(join(root, dir)), { config: file });
    expect(project.stacks.basePath).toBe(join(expected, 'stacks'));
  });

  test('refuses a value of the wrong type at its place', async () => {
    const root = await repository({ 'atmos.yaml': 'deployments:\n  engine:\n    parallelism: many\n' });
    const error = await refusal(projectOf(workingTree(root)));
    expect(error).toMatchObject({ code: 'wrong-type', message: '"deployments.engine.parallelism" must be a positive integer' });
    expect(placeOf(error)).toBe('atmos.yaml:3:18');
  });

  test('refuses a file that was named and is not there', async () => {
    expect(await refusal(projectOf(workingTree(await repository({})), { config: 'other.yaml' }))).toMatchObject({ code: 'missing-file' });
  });
});

const settings = async (text: string) => projectOf(workingTree(await repository({ 'atmos.yaml': text })));

test.each([
  ['stacks: { name_patern: "{stage}" }', 'atmos.yaml:1:11 there is no "name_patern" in "stacks"; did you mean "name_pattern"?'],
  ['components: { terrafrom: {} }', 'atmos.yaml:1:15 there is no "terrafrom" in "components"; did you mean "terraform"?'],
  ['templates: { settings: { enable: true } }', 'atmos.yaml:1:26 there is no "enable" in "templates.settings"; did you mean "enabled"?'],
  ['stack: {}', 'atmos.yaml:1:1 there is no "stack" in atmos.yaml; did you mean "stacks"?'],
])('a setting of Atmos that differs by one letter from one that counts is an error: %s', async (text, expected) => {
  const error = await refusal(settings(text));
  expect(`${placeOf(error)} ${error.message}; ${error.hint}`).toBe(expected);
});

test('other settings are somebody else’s', async () => {
  await expect(settings('stacks: { order: x, name_pattern_of_ours: y }\nmine: 1\nlog: {}\n')).resolves.toBeDefined();
});
