import { described } from '../model/described.ts';
import { PHASES } from '../model/scope.ts';
import { KNOWN_KINDS } from '../stacks/sections.ts';
import { MEANINGS } from './meanings.ts';

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'array', items: text } as const;
const labels = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } } as const;
const map = { type: 'object' } as const;
/** `<kind>/<name>`, or a name of the same kind. */
const address = { type: 'string', pattern: '^.+$' } as const;

/** What a node may use; what is not said is as usual. */
const limits = {
  type: 'object',
  additionalProperties: false,
  description: 'What nodes may use at most: memory and CPUs',
  properties: {
    memory: { type: 'string', pattern: '^[1-9][0-9]*(MiB|GiB|MB|GB)$' },
    cpus: { type: 'number', exclusiveMinimum: 0 },
    pids: { type: 'integer', minimum: 1 },
  },
} as const;

/** A component's section: Atmos's sections, and what names its root module. */
const component = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    component: { ...text, description: 'Path of the root module below the kind’s base path, if it is not the component’s name' },
    metadata: {
      type: 'object',
      additionalProperties: true,
      properties: { component: text, inherits: texts, labels, depends_on: { type: 'array', items: address }, type: text },
    },
    vars: map,
    env: map,
    settings: map,
    backend_type: text,
    backend: map,
    remote_state_backend_type: text,
    remote_state_backend: map,
    providers: map,
    hooks: map,
    generate: map,
    required_version: text,
    required_providers: map,
    dependencies: map,
    source: { type: ['object', 'string'] },
    provision: map,
    command: text,
    stack: { ...text, description: 'Stack to use if several declared stacks define the component' },
    limits,
  },
} as const;

/** Names are parts of paths and of Git refs (git-check-ref-format): what neither may hold is refused here. */
const name = '[A-Za-z0-9_][A-Za-z0-9_.+@=-]*';
const componentName = `^(?!.*(?:\\.\\.|\\.lock(?:/|$)|\\.(?:/|$)))${name}(?:/${name})*$`;

/** By kind. Which kinds there are, `atmos.yaml` has a say in: that is checked beside. */
const components = {
  type: 'object',
  properties: Object.fromEntries(KNOWN_KINDS.map((kind) => [kind, { $ref: '#/$defs/kind' }])),
  additionalProperties: { $ref: '#/$defs/kind' },
} as const;

const kind = {
  type: ['object', 'null'],
  propertyNames: { pattern: componentName },
  additionalProperties: { $ref: '#/$defs/component' },
} as const;

const userNode = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'run'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$' },
    component: address,
    image: text,
    run: text,
    network: { enum: ['none', 'bridge', 'host'] },
    timeout: { type: 'string', pattern: '^[1-9][0-9]*(s|m|h)$' },
    retries: { type: 'integer', minimum: 0, maximum: 10 },
    limits,
    // No program can have a variable with another name.
    env: { type: 'object', propertyNames: { pattern: '^[^=]+$' }, additionalProperties: { type: ['string', 'number', 'boolean'] } },
    outputs: { type: 'object', additionalProperties: text },
  },
} as const;

const reads = {
  type: 'array',
  description: 'Terraform components managed by Atmos or another deployment, whose outputs this one reads',
  items: {
    type: ['string', 'object'],
    minLength: 1,
    description: 'A component of one of the stacks that are declared; or one of another stack',
    additionalProperties: false,
    required: ['component', 'stack'],
    properties: { component: text, stack: { ...text, description: 'The file of its stack, as `stacks` names it' } },
  },
} as const;

const promotion = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: text,
    allowed_from: { ...texts, minItems: 1 },
    requires_approval: { type: 'boolean' },
    approvals: { type: 'integer', minimum: 1 },
    approvers: texts,
    approval_method: { enum: ['manual', 'ci'] },
  },
} as const;

const target = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    description: { type: 'string' },
    labels,
    stacks: texts,
    reads,
    context: map,
    promotion,
    prune: { type: 'boolean', description: 'Overrides the deployment’s' },
    secrets: {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: { type: 'object', additionalProperties: false, required: ['env'], properties: { env: text } },
    },
    components: { $ref: '#/$defs/components' },
  },
} as const;

/** JSON Schema (draft 2020-12) of a deployment file. */
export const deploymentSchema = described(
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Atmos deployment',
    type: 'object',
    additionalProperties: false,
    required: ['deployment'],
    $defs: { component, components, kind, node: userNode, target },
    properties: {
      deployment: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'components'],
        properties: {
          name: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', description: 'Unique in the repository, kebab-case' },
          description: { type: 'string' },
          labels,
          stacks: { ...texts, description: 'The only stacks that are ever opened, with what they import' },
          reads,
          context: {
            type: 'object',
            properties: { default_target: text, promote_by: { enum: ['digest'] } },
          },
          vendor: map,
          prune: { type: 'boolean', description: 'A rollout destroys what runs and is no longer declared' },
          components: { $ref: '#/$defs/components' },
          phases: {
            type: 'object',
            additionalProperties: false,
            properties: Object.fromEntries(PHASES.map((phase) => [phase, { type: 'array', items: { $ref: '#/$defs/node' } }])),
          },
          targets: {
            type: 'object',
            minProperties: 1,
            propertyNames: { pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
            additionalProperties: { $ref: '#/$defs/target' },
          },
        },
      },
    },
  } as const,
  MEANINGS,
);
