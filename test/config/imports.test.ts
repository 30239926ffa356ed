import { describe, expect, test } from 'vitest';
import { workingTree } from '../../config/index.ts';
import { OPTIONS, placeOf, refusal, repository, scopeFrom, scopeOf, varsOf } from './repository.ts';

const deployment = (stacks: string, components = 'terraform: { a: }', more = ''): string =>
  `deployment:\n  name: app\n  stacks: ${stacks}\n  components: { ${components} }\n${more}`;

describe('imports', () => {
  test('merges declared stacks in order, each over what it imports', async () => {
    const scope = await scopeOf({
      'deployments/app.yaml': deployment('[base, top]'),
      'stacks/base.yaml': 'import: [catalog/one]\nvars: { from: base, base: 1 }',
      'stacks/catalog/one.yaml': 'vars: { from: one, one: 1 }',
      'stacks/top.yml': 'import: [./catalog/two.yaml]\nvars: { top: 1 }',
      'stacks/catalog/two.yaml': 'vars: { from: two, top: 0 }',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ from: 'two', one: 1, base: 1, top: 1 });
  });

  test('expands globs, of each directory its files before its directories, and takes imports with a path', async () => {
    const scope = await scopeOf({
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': 'import:\n  - path: catalog/**/*\n  - { path: maybe, skip_if_missing: true }',
      'stacks/catalog/b.yaml': 'vars: { last: b, b: 1 }',
      'stacks/catalog/a/x.yaml': 'vars: { last: x, x: 1 }',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ last: 'x', b: 1, x: 1 });
  });

  test.each([
    ['catalog/*', ['a']],
    ['catalog/*.yml', ['b']],
    ['catalog/?.*', ['a', 'b']],
    ['catalog/**/*.*', ['a', 'b', 'c']],
  ])('takes the ending of a glob as it is, and .yaml where it has none: %s', async (glob, names) => {
    const scope = await scopeOf({
      'deployments/app.yaml': deployment('[top]'),
      'stacks/top.yaml': `import: ["${glob}"]`,
      'stacks/catalog/a.yaml': 'vars: { a: 1 }',
      'stacks/catalog/b.yml': 'vars: { b: 1 }',
      'stacks/catalog/README.md': '# no stack: {',
      'stacks/catalog/inner/c.yaml': 'vars: { c: 1 }',
    });
    expect(Object.keys(varsOf(scope, 'terraform/a')).sort()).toEqual(names);
  });

  test('opens the declared stacks and what they import, and nothing else', async () => {
    const tree = workingTree(
      await repository({
        'atmos.yaml': 'components: {}',
        'deployments/app.yaml': deployment('[orgs/dev]'),
        'deployments/other.yaml': 'deployment: [',
        'stacks/orgs/dev.yaml': 'import: [catalog/net]\nvars: { stage: dev }',
        'stacks/orgs/prod.yaml': 'vars: {',
        'stacks/catalog/net.yaml': 'vars: { net: 1 }',
        'stacks/teams/broken.yaml': 'vars: [',
      }),
    );
    const opened: string[] = [];
    const lists: string[] = [];
    const watched = {
      read: (path: string) => {
        opened.push(path);
        return tree.read(path);
      },
      list: (dir: string) => {
        lists.push(dir);
        return tree.list(dir);
      },
    };
    const scope = await scopeFrom(watched);
    const used = ['atmos.yaml', 'deployments/app.yaml', 'stacks/catalog/net.yaml', 'stacks/orgs/dev.yaml'];
    expect([...new Set(opened)].sort()).toEqual(used);
    // Atmos's own directories of settings.
    expect(lists).toEqual(['atmos.d', '.atmos.d']);
    expect(scope.files).toEqual(used);
  });

  test('renders an imported template with the context of its import', async () => {
    const scope = await scopeOf({
      'deployments/app.yaml': deployment('[top]', 'terraform: { app-small: , app-big: }'),
      'stacks/top.yaml':
        'import:\n  - { path: app.yaml.tmpl, context: { size: small } }\n  - { path: app.yaml.tmpl, context: { size: big } }',
      'stacks/app.yaml.tmpl': 'components: { terraform: { "app-{{ .size }}": { vars: { size: "{{ upper .size }}" } } } }',
    });
    expect(varsOf(scope, 'terraform/app-small')).toEqual({ size: 'SMALL' });
    expect(varsOf(scope, 'terraform/app-big')).toEqual({ size: 'BIG' });
  });

  test.each([
    'https://example.com/a.yaml',
    'git::https://example.com/a.git//a.yaml?ref=v1',
    'git@example.com:acme/stacks.git',
    'github.com/acme/stacks//catalog/a?ref=v1',
    'git.acme.example/stacks//a',
  ])('refuses to import %s from elsewhere, even where it may be missing, and says what to do', async (path) => {
    const error = await refusal(
      scopeOf({
        'deployments/app.yaml': deployment('[top]'),
        'stacks/top.yaml': `import:\n  - { path: "${path}", skip_if_missing: true }\n`,
      }),
    );
    expect(error).toMatchObject({ kind: 'invalid', code: 'remote-import' });
    expect(error.position).toMatchObject({ file: 'stacks/top.yaml', line: 2 });
    expect(error.hint).toContain('vendor the file into the repository');
  });

  test('names the stack that an import in a chain of imports misses, and the chain', async () => {
    const error = await refusal(
      scopeOf({
        'deployments/app.yaml': deployment('[top]'),
        'stacks/top.yaml': 'import: [mid]',
        'stacks/mid.yaml': 'import:\n  - catalog/bse\n',
        'stacks/catalog/base.yaml': '',
      }),
    );
    expect(error).toMatchObject({ kind: 'invalid', code: 'missing-stack', hint: 'did you mean "catalog/base"?' });
    expect(error.message).toBe('there is no stack "catalog/bse" (stacks/catalog/bse.yaml) (imported: stacks/top.yaml → stacks/mid.yaml)');
    expect(placeOf(error)).toBe('stacks/mid.yaml:2:5');
  });

  test('names a loop of imports whole', async () => {
    const error = await refusal(
      scopeOf({
        'deployments/app.yaml': deployment('[a]'),
        'stacks/a.yaml': 'import: [b]',
        'stacks/b.yaml': 'import: [c]',
        'stacks/c.yaml': 'import: [b]',
      }),
    );
    expect(error).toMatchObject({
      code: 'import-cycle',
      message: 'cycle in imports: stacks/b.yaml → stacks/c.yaml → stacks/b.yaml',
    });
  });

  test('refuses to leave the repository', async () => {
    expect(await refusal(scopeOf({ 'deployments/app.yaml': deployment('[../../etc/passwd]') }))).toMatchObject({ code: 'path-escape' });
  });
});

test('imported templates have variables of the environment, and data sources that they define', async () => {
  const scope = await scopeOf(
    {
      'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: } } }',
      'stacks/top.yaml': 'import: [{ path: part.yaml.tmpl, context: { x: 1 } }]',
      'stacks/part.yaml.tmpl': `{{ defineDatasource "word" "env:REGION" }}
components: { terraform: { a: { vars: { a: {{ ds "word" }}, b: {{ getenv "NONE" "else" }}, c: {{ env "REGION" }} } } } }
`,
    },
    'default',
    OPTIONS,
  );
  expect(varsOf(scope, 'terraform/a')).toMatchObject({ a: 'eu-west-1', b: 'else', c: 'eu-west-1' });
});
