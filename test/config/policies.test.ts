import { expect, test } from 'vitest';
import { validateDeployments, workingTree } from '../../config/index.ts';
import type { AtmosError } from '../../engine/index.ts';
import { OPTIONS, placeOf, projectOf, repository } from './repository.ts';

interface Written {
  readonly vars?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly atmos?: string;
  readonly more?: string;
}

/** What is wrong where a component has the policy `size` and these values. */
async function findings(
  policy: string,
  { vars = '{ size: 9 }', files = {}, atmos = '{}', more = '' }: Written = {},
): Promise<{ readonly found: readonly string[]; readonly warned: readonly string[] }> {
  const tree = workingTree(
    await repository({
      'atmos.yaml': atmos,
      'deployments/app.yaml': 'deployment: { name: app, stacks: [top], components: { terraform: { a: , net: } } }',
      'components/terraform/a/main.tf': 'variable "size" {}\nvariable "id" { default = "" }\n',
      'components/terraform/net/main.tf': 'output "id" { value = "x" }\n',
      'stacks/top.yaml': `components:
  terraform:
    net: {}
    a:
      vars: ${vars}
      settings:
        validation:
          size: ${policy}
${more}`,
      ...files,
    }),
  );
  const { errors, warnings } = await validateDeployments({ files: tree, project: await projectOf(tree) }, ['app'], OPTIONS);
  const textOf = (error: AtmosError): string => `${error.kind} ${error.code} ${placeOf(error)} ${error.message}`;
  return { found: errors.map(textOf), warned: warnings.map(textOf) };
}

async function wrong(policy: string, written: Written = {}): Promise<readonly string[]> {
  return (await findings(policy, written)).found;
}

const JSON_SCHEMA = '{ schema_type: jsonschema, schema_path: size.json }';
const schema = (vars: unknown, more: object = {}): { readonly files: Readonly<Record<string, string>> } => ({
  files: { 'size.json': JSON.stringify({ ...more, type: 'object', properties: { vars } }) },
});
const SMALL = { properties: { size: { type: 'integer', maximum: 3 } } };

test('a value that a JSON Schema of the stack does not allow is refused at its line', async () => {
  expect(await wrong(JSON_SCHEMA, schema(SMALL))).toEqual([
    'refused policy-violation stacks/top.yaml:5:15 terraform/a: vars.size must be <= 3 (policy "size")',
  ]);
  expect(await wrong(JSON_SCHEMA, { ...schema(SMALL), vars: '{ size: 2 }' })).toEqual([]);
});

test.each([
  [
    'draft-07, with its formats',
    schema({ properties: { size: { format: 'ipv4' } } }, { $schema: 'http://json-schema.org/draft-07/schema#' }),
    'vars.size must match format "ipv4"',
  ],
  ['2019-09', schema(SMALL, { $schema: 'https://json-schema.org/draft/2019-09/schema' }), 'vars.size must be <= 3'],
  ['2020-12', schema(SMALL, { $schema: 'https://json-schema.org/draft/2020-12/schema' }), 'vars.size must be <= 3'],
])('JSON Schema is read as its version: %s', async (_, written, text) => {
  expect(await wrong(JSON_SCHEMA, { ...written, vars: text.includes('ipv4') ? '{ size: here }' : '{ size: 9 }' })).toEqual([
    expect.stringContaining(text),
  ]);
});

test.each([
  [
    'a version that is not known',
    { 'size.json': '{ "$schema": "http://json-schema.org/draft-04/schema#" }' },
    'supported are draft-07, 2019-09 and 2020-12',
  ],
  ['no JSON', { 'size.json': 'type: object' }, 'is not a (valid|supported) JSON Schema'],
  ['no schema', { 'size.json': '{ "type": "numbr" }' }, 'is not a (valid|supported) JSON Schema'],
  ['a reference to another host', { 'size.json': '{ "$ref": "https://example.com/x.json" }' }, 'may name files of the repository'],
  ['no file', {}, 'file of policy "size" not found: size.json'],
])('a policy whose schema does not hold is an error: %s', async (_, files, text) => {
  const [first, ...others] = await wrong(JSON_SCHEMA, { files });
  expect([first, others]).toEqual([expect.stringMatching(new RegExp(`^invalid (invalid-schema|missing-policy) .*${text}`)), []]);
});

test('a schema lies below schemas.jsonschema.base_path, and refers to others beside it', async () => {
  const files = {
    'schemas/js/size.json': '{ "properties": { "vars": { "properties": { "size": { "$ref": "parts/size.json" } } } } }',
    'schemas/js/parts/size.json': '{ "maximum": 3 }',
  };
  const atmos = 'schemas: { jsonschema: { base_path: schemas/js } }';
  expect(await wrong(JSON_SCHEMA, { files, atmos })).toEqual([expect.stringContaining('vars.size must be <= 3')]);
});

test('there is no description of a value that only an apply makes known', async () => {
  const vars = '{ size: 1, id: !terraform.output net id }';
  const asked = { required: ['id'], properties: { id: { type: 'integer' } } };
  expect(await wrong(JSON_SCHEMA, { ...schema(asked), vars })).toEqual([]);
  expect(await wrong(JSON_SCHEMA, { ...schema({ anyOf: [asked, { required: ['other'] }] }), vars })).toEqual([]);
  expect(await wrong(JSON_SCHEMA, { ...schema({ required: ['other'] }), vars })).toEqual([
    expect.stringContaining("vars must have required property 'other'"),
  ]);
});

test('of a value that only an apply makes known it is said that its policy can not be decided', async () => {
  const vars = '{ size: 1, id: !terraform.output net id }';
  const { found, warned } = await findings(JSON_SCHEMA, { ...schema({ properties: { id: { pattern: '^192' } } }), vars });
  expect(found).toEqual([]);
  expect(warned).toEqual([expect.stringMatching(/policy "size" can only be checked after apply: vars.id is not known yet/)]);
  expect((await findings(JSON_SCHEMA, { ...schema({ properties: { size: { maximum: 3 } } }), vars })).warned).toEqual([]);
});

const UNKNOWN = '{ size: 9, id: !terraform.output net id }';

test.each([
  ['not', { not: { properties: { size: { minimum: 4 } } } }],
  ['anyOf', { anyOf: [{ properties: { size: { maximum: 3 } } }, { required: ['other'] }] }],
  ['a reference', { not: { $ref: '#/$defs/large' } }],
  ['that it is there', { not: { required: ['id'] } }],
  ['names', { additionalProperties: false, properties: { size: {} } }],
  ['how many', { maxProperties: 1 }],
  ['patterns of names', { propertyNames: { pattern: '^s' } }],
  ['what it needs', { dependentRequired: { id: ['nope'] } }],
])('what an unknown value has nothing to do with is decided: %s', async (_, vars) => {
  const found = await wrong(JSON_SCHEMA, {
    ...schema(vars, { $defs: { large: { properties: { size: { minimum: 4 } } } } }),
    vars: UNKNOWN,
  });
  expect(found).toContainEqual(expect.stringMatching(/^refused policy-violation/));
});

test.each([
  ['anyOf', { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }] }],
  ['not', { not: { required: ['id'], properties: { id: { const: 'x' } } } }],
  ['as a whole', { const: { size: 9, id: 'x' } }],
])('what an unknown value decides is no error, and said: %s', async (_, vars) => {
  const $defs = { a: { required: ['cidr'] }, b: { required: ['id'], properties: { id: { type: 'integer' } } } };
  const { found, warned } = await findings(JSON_SCHEMA, { ...schema(vars, { $defs }), vars: UNKNOWN });
  expect(found).toEqual([]);
  expect(warned.every((one) => one.includes('can only be checked after apply'))).toBe(true);
});

test('references are relative to their file, whatever it is called, and whole numbers are compared digit by digit or not at all', async () => {
  const policy = '{ schema_type: jsonschema, schema_path: "Pol Dir/deep/size.json" }';
  const files = {
    'Pol Dir/deep/size.json': '{ "properties": { "vars": { "$ref": "../Vars.json" } } }',
    'Pol Dir/Vars.json': '{ "properties": { "size": { "$ref": "../shared/size.json" } } }',
    'shared/size.json': '{ "maximum": 3 }',
  };
  expect(await wrong(policy, { files })).toEqual([expect.stringContaining('vars.size must be <= 3')]);
  expect(
    await wrong(JSON_SCHEMA, { files: { 'size.json': '{ "$ref": "other.json" }', 'other.json': '{ "required": ["nothing"] }' } }),
  ).toEqual([expect.stringContaining("must have required property 'nothing'")]);
  expect(await wrong(JSON_SCHEMA, { ...schema(SMALL), vars: '{ size: 9007199254740993 }' })).toEqual([
    expect.stringMatching(/^invalid not-supported stacks\/top\.yaml:5:15 .*vars\.size: number too large/),
  ]);
});

test('policies see Atmos’s names of a component, and all of its sections', async () => {
  const asked = {
    properties: {
      atmos_component: { const: 'b' },
      atmos_stack: { const: 'top' },
      settings: { required: ['validation'] },
      workspace: { type: 'string' },
    },
  };
  const written = { atmos: 'stacks: { name_template: top }', files: { 'size.json': JSON.stringify(asked) } };
  expect(await wrong(JSON_SCHEMA, written)).toEqual([
    expect.stringContaining('terraform/a: atmos_component must be equal to constant: "b"'),
  ]);
});

test.each([
  ['{ schema_type: cue, schema_path: x }', 'must have a "schema_type"'],
  ['{ schema_type: opa }', 'must have a "schema_path"'],
  ['{ schema_type: opa, schema_path: ../../x.rego }', 'is not in the repository'],
  ['{ schema_type: opa, schema_path: x.rego, module_paths: a }', 'must be a list of paths'],
  ['{ schema_type: opa, schema_path: x.rego, timeout: soon }', 'must be a number of seconds'],
  ['{ schema_typ: opa, schema_path: x.rego }', 'has an unknown key "schema_typ"'],
  ['yes', 'must be a map { schema_type, schema_path }'],
])('what is no policy is an error at its line: %s', async (policy, text) => {
  const [first] = await wrong(policy, { files: { 'x.rego': '' } });
  expect(first).toContain('stacks/top.yaml:8');
  expect(first).toContain(text);
});

test('modules of a policy that are not there are told', async () => {
  expect(await wrong('{ schema_type: opa, schema_path: x.rego, module_paths: [lib] }', { files: { 'x.rego': '' } })).toEqual([
    expect.stringContaining('missing-policy stacks/top.yaml:8:58 terraform/a: there is nothing in lib'),
  ]);
});

test('a policy that is disabled asks for nothing, and one in Rego must have its file', async () => {
  expect(await wrong('{ schema_type: jsonschema, schema_path: size.json, disabled: true }')).toEqual([]);
  expect(await wrong('{ schema_type: opa, schema_path: no.rego }')).toEqual([
    expect.stringContaining('file of policy "size" not found: no.rego'),
  ]);
  expect(await wrong('{ schema_type: opa, schema_path: x.rego }', { files: { 'x.rego': '' } })).toEqual([]);
});

test('an expression of a schema takes a time that is linear in the text', async () => {
  const text = `${'a'.repeat(5000)}!`;
  const asked = { properties: { size: { pattern: '^(a+)+$' } } };
  expect(await wrong(JSON_SCHEMA, { ...schema(asked), vars: `{ size: "${text}" }` })).toEqual([
    expect.stringContaining('must match pattern'),
  ]);
});
