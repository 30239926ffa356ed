import { described } from '../model/described.ts';
import { STACK_MEANINGS } from './meanings.ts';
import { KNOWN_KINDS, type Level, METADATA_FOR_ALL, type Section, sectionsAt } from './sections.ts';

/** Kinds that a stack says something of all components of, and those that a deployment has no components of. */
const STACK_KINDS: readonly string[] = ['terraform', 'helmfile', 'helm', 'packer'];
const OTHER_KINDS = ['ansible', 'kubernetes', 'container', 'emulator'] as const;

const map = { type: ['object', 'null'] } as const;
const list = { type: ['array', 'null'] } as const;
const dependsOn = { type: ['array', 'object', 'null'] } as const;
const text = { type: ['string', 'null'] } as const;
/** A function may stand for any value that is no section. */
const anything = {} as const;

const source = {
  oneOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: true,
      required: ['uri'],
      properties: {
        uri: { type: 'string', description: 'Remote source of the root module' },
        version: { type: ['string', 'number'] },
        type: { type: 'string' },
        included_paths: { type: 'array', items: { type: 'string' } },
        excluded_paths: { type: 'array', items: { type: 'string' } },
      },
    },
  ],
} as const;

const metadata = {
  type: ['object', 'null'],
  additionalProperties: true,
  properties: {
    type: { enum: ['abstract', 'real', null] },
    enabled: { type: 'boolean' },
    locked: { type: 'boolean' },
    component: { type: 'string' },
    inherits: { type: 'array', uniqueItems: true, items: { type: 'string' } },
    name: { type: 'string' },
    description: { type: 'string' },
    labels: { type: 'object' },
    tags: { type: 'array' },
    custom: { type: 'object' },
    terraform_workspace: { type: 'string' },
    terraform_workspace_pattern: { type: 'string' },
    terraform_workspace_template: { type: 'string' },
  },
} as const;

const SHAPES: Readonly<Record<Section, object>> = {
  vars: { $ref: '#/$defs/section' },
  env: { $ref: '#/$defs/section' },
  settings: { $ref: '#/$defs/section' },
  hooks: { $ref: '#/$defs/section' },
  generate: { $ref: '#/$defs/section' },
  dependencies: map,
  provision: map,
  command: text,
  backend_type: text,
  backend: map,
  remote_state_backend_type: text,
  remote_state_backend: map,
  providers: map,
  required_version: text,
  required_providers: map,
  source: { $ref: '#/$defs/source' },
  chart: text,
  version: text,
  repository: text,
  repositories: list,
  namespace: text,
  name: text,
  values: map,
  values_files: list,
  render: map,
  plugins: list,
};

/** What Atmos has besides, and a deployment does not read. */
const UNREAD = { auth: anything, secrets: anything, retry: anything } as const;

function sections(level: Level, name: string): object {
  return Object.fromEntries(sectionsAt(level, name).map((section) => [section, SHAPES[section]]));
}

function closed(properties: object): object {
  return { type: ['object', 'null'], additionalProperties: false, properties };
}

const overridesRef = { $ref: '#/$defs/overrides' } as const;

/** What Atmos takes in the section of a kind, and passes over. */
const MORE_OF_KIND: Readonly<Record<string, object>> = {
  terraform: { required_version: text, required_providers: map, depends_on: dependsOn },
};

function kind(name: string): object {
  return closed({ ...sections('kind', name), ...MORE_OF_KIND[name], ...UNREAD, locals: map, overrides: overridesRef });
}

function component(name: string): object {
  const own = { metadata: { $ref: '#/$defs/metadata' }, component: text, locals: map, overrides: overridesRef };
  return closed({ ...sections('component', name), ...UNREAD, test: anything, mocks: anything, depends_on: dependsOn, ...own });
}

/** JSON Schema (draft 2020-12) of a stack manifest, as strict as Atmos's own: for editors. Resolving checks the same in what it reaches. */
export const stackSchema = described(
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Atmos stack manifest',
    type: ['object', 'null'],
    additionalProperties: true,
    properties: {
      name: { type: 'string' },
      import: {
        type: ['array', 'null'],
        items: {
          oneOf: [
            { type: 'string' },
            {
              type: 'object',
              additionalProperties: false,
              required: ['path'],
              properties: {
                path: { type: 'string' },
                context: map,
                skip_if_missing: { type: 'boolean' },
                skip_templates_processing: { type: 'boolean' },
                ignore_missing_template_values: { type: 'boolean' },
              },
            },
          ],
        },
      },
      ...sections('root', 'terraform'),
      ...UNREAD,
      locals: map,
      version: anything,
      metadata: { $ref: '#/$defs/defaults' },
      overrides: overridesRef,
      ...Object.fromEntries(STACK_KINDS.map((name) => [name, kind(name)])),
      ...Object.fromEntries(OTHER_KINDS.map((name) => [name, map])),
      workflows: anything,
      components: {
        type: ['object', 'null'],
        // Kinds of one's own: whoever has a custom command has such.
        additionalProperties: map,
        properties: {
          ...Object.fromEntries(KNOWN_KINDS.map((name) => [name, { type: ['object', 'null'], additionalProperties: component(name) }])),
          ...Object.fromEntries(OTHER_KINDS.map((name) => [name, map])),
        },
      },
    },
    $defs: {
      section: { type: ['object', 'null', 'string'], description: 'A map, or a YAML function that gives one' },
      source,
      metadata,
      defaults: closed(Object.fromEntries(METADATA_FOR_ALL.map((key) => [key, metadata.properties[key]]))),
      overrides: closed({ ...sections('overrides', 'terraform'), ...UNREAD }),
    },
  } as const,
  STACK_MEANINGS,
);
