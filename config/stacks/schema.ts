const map = { type: ['object', 'null'] } as const;
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
        uri: { type: 'string', description: 'Where the root module is had from' },
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
    component: { type: 'string', description: 'The root module below the kind’s base path' },
    inherits: { type: 'array', uniqueItems: true, items: { type: 'string' }, description: 'Base components; the later win' },
    name: { type: 'string' },
    description: { type: 'string' },
    labels: { type: 'object' },
    tags: { type: 'array' },
    custom: { type: 'object' },
    terraform_workspace: { type: 'string' },
    terraform_workspace_pattern: { type: 'string' },
    terraform_workspace_template: false,
  },
} as const;

const shared = {
  locals: map,
  vars: { $ref: '#/$defs/section' },
  env: { $ref: '#/$defs/section' },
  settings: { $ref: '#/$defs/section' },
  hooks: { $ref: '#/$defs/section' },
  generate: { $ref: '#/$defs/section' },
  dependencies: map,
  provision: map,
} as const;

const terraform = {
  command: text,
  backend_type: text,
  backend: map,
  remote_state_backend_type: text,
  remote_state_backend: map,
  providers: map,
  required_version: text,
  required_providers: map,
} as const;

const component = {
  ...shared,
  ...terraform,
  metadata: { $ref: '#/$defs/metadata' },
  component: text,
  source: { $ref: '#/$defs/source' },
} as const;
const overrides = { type: ['object', 'null'], additionalProperties: false, properties: { ...shared, ...terraform } } as const;
const kind = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { ...shared, ...terraform, metadata: { $ref: '#/$defs/defaults' }, overrides: { $ref: '#/$defs/overrides' } },
} as const;

/** JSON Schema (draft 2020-12) of a stack manifest, as strict as Atmos's own: for editors. Resolving checks the same in what it reaches. */
export const stackSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Atmos stack manifest',
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', description: 'The stack’s name, before any pattern or template' },
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
    ...shared,
    metadata: { $ref: '#/$defs/defaults' },
    overrides: { $ref: '#/$defs/overrides' },
    terraform: { $ref: '#/$defs/kind' },
    helmfile: { $ref: '#/$defs/kind' },
    helm: { $ref: '#/$defs/kind' },
    packer: { $ref: '#/$defs/kind' },
    workflows: anything,
    components: {
      type: ['object', 'null'],
      additionalProperties: false,
      properties: Object.fromEntries(
        ['terraform', 'helmfile', 'helm', 'packer', 'nixpack', 'lambda'].map((name) => [
          name,
          { type: ['object', 'null'], additionalProperties: { $ref: '#/$defs/component' } },
        ]),
      ),
    },
  },
  $defs: {
    section: { type: ['object', 'null', 'string'], description: 'A map, or a YAML function that gives one' },
    source,
    metadata,
    defaults: { allOf: [{ $ref: '#/$defs/metadata' }, { properties: { component: false, inherits: false } }] },
    overrides,
    kind,
    component: { type: ['object', 'null'], additionalProperties: false, properties: component },
  },
} as const;
