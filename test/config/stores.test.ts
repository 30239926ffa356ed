import { describe, expect, test } from 'vitest';
import { needsOf, resolveDeferred } from '../../config/index.ts';
import type { Json } from '../../engine/index.ts';
import { placeOf, refusal, scopeOf, varsOf } from './repository.ts';

describe('values of stores', () => {
  const withStore = (text: string) => ({
    'atmos.yaml': `stacks: { name_template: "{{ .vars.stage }}" }
templates: { settings: { enabled: true } }
stores:
  prod: { type: redis, options: { url: "redis://localhost", prefix: acme, stack_delimiter: "-" } }
  plain: { type: redis }
  ssm: { kind: aws/ssm, type: redis, options: { region: eu-west-1, prefix: !env PREFIX, url: [] } }
  vault: { type: redis, secret: true }
`,
    'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: {} } } }',
    'stacks/top.yaml': `vars: { stage: eu-dev }\ncomponents:\n  terraform:\n    a:\n      vars:\n        x: ${text}\n`,
  });
  const stored = async (text: string): Promise<Json> => varsOf(await scopeOf(withStore(text)), 'terraform/a').x ?? null;

  test.each([
    ['!store prod net/vpc id', 'acme/eu/dev/net/vpc/id'],
    ['!store prod us-prod vpc id', 'acme/us/prod/vpc/id'],
    ['!store prod {{ .vars.stage }} vpc id', 'acme/eu/dev/vpc/id'],
    ['!store plain vpc id', '/eu-dev/vpc/id'],
    ['!store.get prod a/b', 'acme:a/b'],
    ['!store.get plain a/b', 'a/b'],
  ])('are deferred, under the key that Atmos keeps them: %s', async (text, field) => {
    expect(needsOf(await stored(text))).toEqual([{ component: expect.stringMatching(/^store\/(prod|plain)$/), field }]);
  });

  test('keep their type, or a part of them, or the default where there is nothing', async () => {
    const settled = async (text: string, value: Json): Promise<Json> =>
      resolveDeferred(await stored(text), { 'store/plain': { k: value } });
    expect(await settled('!store.get plain k', { a: [1, 2] })).toEqual({ a: [1, 2] });
    expect(await settled('!store.get plain k | query .a[1]', { a: [1, 2] })).toBe(2);
    expect(await settled('!store.get plain k | default "two words"', null)).toBe('two words');
    expect(await settled('!store.get plain k | default 7 | query .a', { a: 1 })).toBe(1);
    expect(await settled('!store.get plain k | query .a | length', { a: [1, 2] })).toBe(2);
    expect(await settled('!store.get plain k | query ".a // ""x""" | default "a | b"', {})).toBe('x');
    expect(await settled('!store.get plain k | query .a | default "a | b"', null)).toBe('a | b');
    await expect(settled('!store.get plain k', null)).rejects.toThrow('store "plain" has no key "k"');
  });

  test.each<[string, string, Json]>([
    ['{{ atmos.Store "prod" .stack "net/vpc" "id" }}', 'acme/eu/dev/net/vpc/id', 'v'],
    ['{{ (atmos.Store "prod" "us-prod" "vpc" "all").a | upper }}', 'acme/us/prod/vpc/all', 'X'],
    ['{{ atmos.Store "plain" (printf "%s-x" .vars.stage) "vpc" "id" | quote }}!', '/eu-dev-x/vpc/id', '"v"!'],
  ])('are read by atmos.Store in templates: %s', async (template, field, expected) => {
    const value = await stored(`'${template}'`);
    const [need] = needsOf(value);
    expect(need?.field).toBe(field);
    expect(resolveDeferred(value, { [need?.component ?? '']: { [field]: field.endsWith('all') ? { a: 'x' } : 'v' } })).toBe(expected);
  });

  test('make nothing wait: a store is no component', async () => {
    expect((await scopeOf(withStore('!store prod vpc id'))).components['terraform/a']?.dependsOn).toEqual([]);
  });

  test.each([
    ['!store prd vpc id', 'atmos.yaml has no store "prd"'],
    ['!store ssm vpc id', 'stores of type "aws/ssm" cannot be read'],
    ['!store vault vpc id', 'holds secrets'],
    ['!store prod vpc', 'does not take these arguments'],
    ['!store prod vpc id | defaults x', 'does not take these arguments'],
    [`'{{ atmos.Store "ssm" .stack "vpc" "id" }}'`, 'a store that can be read'],
    [`'{{ range list 1 }}{{ atmos.Store "prod" .stack "vpc" "id" }}{{ end }}'`, 'stack'],
    ['!store.get prod a b', 'does not take these arguments'],
  ])('are refused by place where they can’t be read: %s', async (text, said) => {
    const error = await refusal(scopeOf(withStore(text)));
    expect(error.message).toContain(said);
    expect(placeOf(error)).toMatch(/^stacks\/top.yaml:6:/);
  });

  test('have no YAML functions in the settings of one that can be read', async () => {
    const files = { ...withStore('1'), 'atmos.yaml': 'stores: { prod: { kind: redis, options: { url: !env REDIS } } }' };
    expect(await refusal(scopeOf(files))).toMatchObject({ code: 'unsupported-function' });
  });
});
