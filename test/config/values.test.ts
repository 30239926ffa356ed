import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workingTree } from '../../config/index.ts';
import { type Json, sha256 } from '../../engine/index.ts';
import { OPTIONS, placeOf, refusal, repository, scopeFrom, scopeOf, varsOf, withVars } from './repository.ts';

const value = async (text: string): Promise<Json | undefined> => varsOf(await scopeOf(withVars(`x: ${text}`)), 'terraform/a').x;

describe('templates and functions of a component', () => {
  test('see its sections, the context, the commit and the environment', async () => {
    const text = `'{{ .context.size }} {{ .atmos_component }} {{ git.short_sha }} {{ env "REGION" }}'`;
    expect(await value(text)).toBe('3 a 3c9d2b1 eu-west-1');
    expect(await value('"{{ .vars.missing }}"')).toBe('<no value>');
  });

  test('need a repository for the commit, and say so at their place', async () => {
    const error = await refusal(scopeOf(withVars('x: "tag-{{ git.sha }}"'), 'default', { ...OPTIONS, git: () => undefined }));
    expect(error.message).toBe('template: error calling git: this needs a Git repository with a commit');
    expect(placeOf(error)).toBe('deployments/app.yaml:10:22');
  });

  test('read the environment with a default', async () => {
    expect(await value('!env REGION')).toBe('eu-west-1');
    expect(await value('!env NOWHERE "two words"')).toBe('two words');
    expect(await value('!env NOWHERE')).toBe('');
  });

  test('are refused by name and place when there is no such function', async () => {
    const error = await refusal(scopeOf(withVars('x: !terraform.outputs network id')));
    expect(error).toMatchObject({ code: 'yaml-function', hint: 'did you mean "!terraform.output"?' });
    expect(placeOf(error)).toBe('deployments/app.yaml:10:33');
    expect(await refusal(scopeOf(withVars('x: !nosuch [1]')))).toMatchObject({ code: 'yaml-function' });
  });

  test('are left alone in stacks when atmos.yaml turns them off, but not in the deployment file', async () => {
    const scope = await scopeOf({
      'atmos.yaml': 'templates: { settings: { enabled: false } }',
      'deployments/app.yaml':
        'deployment: { name: app, stacks: [top], components: { terraform: { a: { vars: { on: "{{ add 1 2 }}" } } } } }',
      'stacks/top.yaml': 'vars: { off: "{{ add 1 2 }}" }',
    });
    expect(varsOf(scope, 'terraform/a')).toEqual({ off: '{{ add 1 2 }}', on: '3' });
  });
});

test('what the commit does not decide is noted: commands, the branch, whatever is new each time; nothing else is', async () => {
  const noted = async (vars: string): Promise<Readonly<Record<string, unknown>>> =>
    (await scopeOf(withVars(vars), 'default', { ...OPTIONS, root: process.cwd(), env: process.env })).impure;
  expect(await noted('x: "{{ git.sha }} {{ upper .atmos_component }}"')).toEqual({});
  expect(await noted('x: "{{ git.branch }}"')).toEqual({ 'git.branch': sha256('main') });
  expect(await noted('x: !exec echo hello')).toEqual({ '!exec echo hello': sha256('hello') });
  expect(await noted('x: "{{ uuidv4 }} {{ now | unixEpoch }}"')).toEqual({ now: null, uuidv4: null });
});

test('a YAML function that the machine can’t answer is told at its place', async () => {
  const outside = { ...OPTIONS, git: () => undefined };
  expect(await refusal(scopeOf(withVars('x: !git.branch'), 'default', outside))).toMatchObject({ code: 'yaml-function' });
  const denied = { ...withVars('x: !exec echo hello'), 'atmos.yaml': 'deployments: { functions: { exec: deny } }\n' };
  expect(await refusal(scopeOf(denied))).toMatchObject({ code: 'yaml-function', message: expect.stringContaining('exec: deny') });
});

describe('data sources', () => {
  const withSources = (template: string, more: Readonly<Record<string, string>> = {}) => ({
    'atmos.yaml':
      'templates: { settings: { enabled: true, gomplate: { datasources: { sizes: { url: ./data/sizes.json }, hosts: { url: "https://example.com/x" } } } } }\n',
    'data/sizes.json': '{ "dev": { "count": 3 } }',
    'data/table.csv': 'name,port\napi,80\n',
    'data/notes.txt': 'hello\n',
    'data/more.yaml': 'dev: { count: 4, zones: [a, b] }\nprod: { count: 5 }\n',
    'data/app.env': 'export A="one two"\nB=3 # a comment\n',
    'data/list.data': '- first\n- second\n',
    'deployments/app.yaml': 'deployment:\n  name: app\n  stacks: [top]\n  components: { terraform: { a: {} } }\n',
    'stacks/top.yaml': `settings:
  templates:
    settings:
      gomplate:
        datasources:
          table: { url: "file:data/table.csv" }
          notes: { url: data/notes.txt }
          vars: { url: data/app.env }
          list: { url: data/list.data?type=application/array%2Byaml }
          data: { url: data/ }
          above: { url: ../outside.json }
          both: { url: "merge:sizes|file:data/more.yaml" }
          alone: { url: "merge:sizes" }
          unlike: { url: "merge:sizes|notes" }
          word: { url: "env:WORD" }
          object: { url: "env:///OBJECT?type=application/json" }
components: { terraform: { a: { vars: { x: ${JSON.stringify(template)} } } } }
`,
    ...more,
  });
  const env = { WORD: 'said', OBJECT: '{"a":1}' };
  const value = async (template: string) => varsOf(await scopeOf(withSources(template), 'default', { ...OPTIONS, env }), 'terraform/a').x;

  test.each([
    ['{{ (datasource "sizes").dev.count }} of {{ (ds "sizes").dev.count }}', '3 of 3'],
    ['{{ (atmos.GomplateDatasource "sizes").dev.count }}', '3'],
    ['{{ index (datasource "table") 1 0 }}', 'api'],
    ['{{ include "notes" | trim }}', 'hello'],
    ['{{ (datasource "vars").A }}/{{ (datasource "vars").B }}', 'one two/3'],
    ['{{ index (datasource "list") 1 }}', 'second'],
    ['{{ (datasource "data" "sizes.json").dev.count }}', '3'],
    ['{{ datasourceExists "sizes" }}{{ datasourceExists "size" }}', 'truefalse'],
    ['{{ with datasource "both" }}{{ .dev.count }} {{ join "-" .dev.zones }} {{ .prod.count }}{{ end }}', '3 a-b 5'],
    ['{{ datasource "word" }}{{ (datasource "object").a }}', 'said1'],
    ['{{ defineDatasource "mine" "data/notes.txt" }}{{ defineDatasource "mine" "data/none.txt" }}{{ include "mine" | trim }}', 'hello'],
    ['{{ index (listDatasources) 0 }}', 'above'],
  ])('%s', async (template, expected) => {
    expect(await value(template)).toBe(expected);
  });

  test('are files that the scope names, each read when it is asked for', async () => {
    expect((await scopeOf(withSources('{{ (datasource "sizes").dev.count }}'))).files).toContain('data/sizes.json');
    expect((await scopeOf(withSources('plain'))).files).not.toContain('data/sizes.json');
  });

  test.each([
    ['{{ datasource "size" }}', 'undefined datasource \'size\': did you mean "sizes"?'],
    ['{{ datasource "hosts" }}', 'is not a file of this repository (https)'],
    ['{{ datasource "above" }}', '../outside.json is not in the repository'],
    ['{{ datasource "data" "nothing.json" }}', 'there is no file data/nothing.json'],
    ['{{ datasource "alone" }}', 'needs two sources at least'],
    ['{{ datasource "unlike" }}', 'notes is no map'],
    ['{{ datasource "object" }}', "datasource 'object': "],
  ])('that can’t be read are told: %s', async (template, said) => {
    const error = await refusal(scopeOf(withSources(template)));
    expect(error.message).toContain(said);
    expect(placeOf(error)).toMatch(/^stacks\/top.yaml:17:/);
  });
});

test('!repo-root is the Git repository’s directory, also where atmos.yaml lies below it', async () => {
  const files = withVars('x: !repo-root\ny: !git.root');
  const below = Object.fromEntries(Object.entries(files).map(([path, text]) => [`infra/${path}`, text]));
  const root = await repository({ ...below, 'infra/atmos.yaml': '', '.git/HEAD': '' });
  const scope = await scopeFrom(workingTree(join(root, 'infra')), 'default', { ...OPTIONS, root: join(root, 'infra') });
  expect(varsOf(scope, 'terraform/a')).toMatchObject({ x: root, y: root });
});

test.each([
  ['{{ atmos.component "a" .stack }}', 'did you mean Component?'],
  ['{{ (atmos.Component "aa" .stack).vars.x }}', 'did you mean "a"?'],
])('what templates ask of Atmos by another name is told: %s', async (template, said) => {
  expect((await refusal(scopeOf(withVars(`x: '${template}'`)))).message).toContain(said);
});

describe('short names that Gomplate and Sprig both have', () => {
  const value = async (settings: string, template: string) =>
    varsOf(
      await scopeOf({
        ...withVars(`x: ${JSON.stringify(template)}`),
        'atmos.yaml': `templates: { settings: { enabled: true, ${settings} } }\n`,
      }),
      'terraform/a',
    ).x;

  test.each([
    ['{{ join (coll.Slice "a" "b") "-" }}', 'a-b'],
    ['{{ range split "a-b" "-" }}<{{ . }}>{{ end }}', '<a><b>'],
    ['{{ splitN "a-b-c" "-" 2 | toJSON }}', '["a","b-c"]'],
    ['{{ trim "--a--" "-" }}', 'a'],
    ['{{ contains "abc" "b" }} {{ hasPrefix "abc" "a" }} {{ has (dict "a" 1) "a" }}', 'true true true'],
    ['{{ slice "a" "b" | toJSON }} {{ append "c" (slice "a") | toJSON }}', '["a","b"] ["a","c"]'],
    ['{{ add 1 2.5 }} {{ div 7 2 }}', '3.5 3.5'],
    ['{{ env.Getenv "REGION" }} {{ env.ExpandEnv "in-$REGION" }}', 'eu-west-1 in-eu-west-1'],
  ])('%s is Gomplate’s where only that is enabled', async (template, expected) => {
    expect(await value('gomplate: { enabled: true }', template)).toBe(expected);
  });

  test.each(['sprig: { enabled: true }', 'gomplate: { enabled: true }, sprig: { enabled: true }', 'evaluations: 1'])(
    'are Sprig’s with %s',
    async (settings) => {
      expect(await value(settings, '{{ join "-" (list "a" "b") }}')).toBe('a-b');
    },
  );
});

test('!cwd, !random and !cel stay the texts that they are, as in Atmos', async () => {
  const vars = varsOf(await scopeOf(withVars('a: !cwd\nb: !random 1 5\nc: !cel "1 + 1"')), 'terraform/a');
  expect(vars).toMatchObject({ a: '!cwd', b: '!random 1 5', c: '!cel 1 + 1' });
});

test.each(['!aws.region', '!secret X', '!emulator x', '!version x'])('%s is refused, with what to write instead', async (written) => {
  const { code, message, hint } = await refusal(scopeOf(withVars(`a: ${written}`)));
  expect({ code, message }).toEqual({ code: 'yaml-function', message: `${written.split(' ')[0]} is not supported in deployments` });
  expect(hint).not.toBe('');
});

test('atmos.Resolve gives in a template what a YAML function gives', async () => {
  const vars = varsOf(await scopeOf(withVars('a: "{{ atmos.Resolve \\"!env REGION\\" }}/{{ atmos.Resolve \\"x\\" }}"')), 'terraform/a');
  expect(vars).toMatchObject({ a: 'eu-west-1/x' });
});

test('a template that gives a function is that function; what a function gives is no template and no function again', async () => {
  expect(await value(`'{{ printf "!env %s" "REGION" }}'`)).toBe('eu-west-1');
  const given = { ...OPTIONS, env: { ...OPTIONS.env, SAYS: '!env REGION' } };
  expect(varsOf(await scopeOf(withVars('x: !env SAYS'), 'default', given), 'terraform/a').x).toBe('!env REGION');
});

describe('of a component’s env', () => {
  const files = (env: string) => ({
    'deployments/app.yaml': `deployment:
  name: app
  components: { terraform: { a: { env: { ${env} } } } }
  targets: { default: { secrets: { T: { env: TOKEN } } }, prod: { secrets: { P: { env: PROD_TOKEN } } } }
`,
  });
  const OWN = { ...OPTIONS, env: { REGION: 'eu-west-1', TOKEN: 'hidden', PROD_TOKEN: 'hidden too' } };
  const referring = async (env: string) => {
    const component = (await scopeOf(files(env), 'default', OWN)).components['terraform/a'];
    return { env: component?.sections.env, secrets: component?.secrets };
  };

  test('what the environment and commands give is read when nodes run, secrets and commands not before', async () => {
    expect(await referring('A: !env REGION, B: !env NOWHERE or, C: !env TOKEN, D: !exec "gh auth token", E: plain')).toEqual({
      env: { A: 'eu-west-1', B: 'or', E: 'plain' },
      secrets: {
        A: { env: 'REGION', default: '' },
        B: { env: 'NOWHERE', default: 'or' },
        C: { env: 'TOKEN' },
        D: { exec: 'gh auth token' },
      },
    });
    expect((await referring('A: plain')).secrets).toBeUndefined();
  });

  test('what its own env gives is known', async () => {
    expect(await referring('A: plain, B: !env A')).toEqual({ env: { A: 'plain', B: 'plain' }, secrets: undefined });
  });

  test('a template that gives a command is one, too', async () => {
    expect((await referring(`A: '{{ printf "!exec %s" "date" }}'`)).secrets).toEqual({ A: { exec: 'date' } });
  });

  test.each(['A: !env PROD_TOKEN', `A: '{{ env "PROD_TOKEN" }}'`, 'A: "x-{{ env `TOKEN` }}"'])('%s is refused at its line', async (env) => {
    expect(await refusal(scopeOf(files(env), 'default', OWN))).toMatchObject({ position: { line: 3 } });
  });

  test.each(['constructor', 'toString', '__proto__'])('%s is a variable like any other', async (name) => {
    expect((await referring(`A: !env ${name}`)).env).toEqual({ A: '' });
    expect(varsOf(await scopeOf(withVars(`x: !env ${name} or`), 'default', OWN), 'terraform/a').x).toBe('or');
  });

  test('variables in a circle are told', async () => {
    expect((await refusal(scopeOf(files('A: !env B, B: !env A'), 'default', OWN))).message).toContain('defined by itself');
  });

  test.each(['TF_WORKSPACE: !env REGION', 'TF_CLI_ARGS: !exec date'])('%s is refused: nobody sees what it is', async (env) => {
    expect(await refusal(scopeOf(files(env), 'default', OWN))).toMatchObject({ code: 'reserved-variable' });
  });
});

test.each<[string, Json]>([
  ['!literal 5', 5],
  ['!literal 012', 10],
  ['!literal ~', null],
  ['!literal true', true],
  ['!literal "5"', '5'],
  ['!literal "!env HOME"', '!env HOME'],
  [`!literal '{{ .atmos_component }}'`, 'a'],
  ['!literal a b', 'a b'],
])('%s is what YAML takes it for, with its templates, and no function', async (text, expected) => {
  expect(await value(text)).toBe(expected);
});

test('a template in a block of !template has its spaces trimmed away with what stands around it', async () => {
  expect(await value('!template |\n          {{- toJson (list 1 2) -}}\n')).toEqual([1, 2]);
});
