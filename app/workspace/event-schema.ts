import { nodeEventSchemas } from '../../engine/index.ts';
import { EVENT_VERSION } from './events.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const name = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const number = { type: ['integer', 'null'] } as const;
const order = {
  seq: { ...count, description: 'Counts the events of a command, from 0.' },
  at: { ...count, description: 'Milliseconds since the epoch.' },
} as const;

function event(type: string, description: string, fields: Readonly<Record<string, object>>) {
  const properties = { ...order, type: { const: type }, ...fields };
  return { type: 'object', description, properties, required: Object.keys(properties), additionalProperties: false };
}

const notice = { code: name, message: text, file: name, line: number, column: number, hint: name } as const;

/** JSON Schema (draft 2020-12) of a line that `--log-format json` prints, and of the lines of a journal. */
export const eventSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `What a command did: an event a line, in order. Secrets are masked. Version ${EVENT_VERSION}.`,
  oneOf: [
    {
      type: 'object',
      description: 'The first line of a journal in .atmos/logs: the command.',
      properties: {
        type: { const: 'run' },
        version: { const: EVENT_VERSION },
        run: text,
        at: count,
        command: texts,
        deployment: name,
        target: name,
      },
      required: ['type', 'version', 'run', 'at', 'command', 'deployment', 'target'],
      additionalProperties: false,
    },
    event('command-started', 'The first event.', { version: { const: EVENT_VERSION }, command: texts, deployment: name, target: name }),
    event('command-finished', 'The last event.', { exitCode: { type: 'integer' }, ms: count }),
    event('target', 'What is about to be changed.', { deployment: text, target: text }),
    event('graph', 'What is about to run, and what each node waits for.', {
      phase: { enum: ['build', 'test', 'plan', 'release', 'rollout', 'destroy', 'verify', 'outputs', 'state'] },
      nodes: {
        type: 'array',
        items: {
          type: 'object',
          properties: { node: text, component: text, step: text, needs: texts },
          required: ['node', 'component', 'step', 'needs'],
          additionalProperties: false,
        },
      },
    }),
    event('runtime', 'Where containers run.', { name: text }),
    event('plan', 'What a plan of a component would change.', { component: text, plan: { type: 'object' } }),
    event('tests', 'What the tests of a node counted.', { node: text, tests: { type: 'object' } }),
    event('lock-waiting', 'Somebody else deploys the same target.', { deployment: text, target: text, message: text }),
    event('record', 'What was recorded in a ledger.', {
      record: {
        type: 'object',
        properties: { id: text, kind: text, deployment: text, target: text, release: name, result: name },
        required: ['id', 'kind', 'deployment', 'target', 'release', 'result'],
        additionalProperties: false,
      },
    }),
    event('interrupted', 'What ran was asked to stop, or is ended by force.', { forced: { type: 'boolean' } }),
    event('warning', 'What the user should know, though it is no error.', notice),
    event('error', 'What stopped the command.', {
      kind: { enum: ['failed', 'invalid', 'refused', 'environment', 'interrupted'] },
      ...notice,
    }),
    ...nodeEventSchemas(order),
  ],
} as const;
