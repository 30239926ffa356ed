const text = { type: 'string' } as const;
const name = { type: ['string', 'null'] } as const;
const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;
const ms = { type: 'integer', minimum: 0 } as const;

/** An event of one type, with what every event has. */
function event(type: string, fields: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const properties = { at: { ...ms, description: 'Milliseconds since the epoch.' }, node: text, component: text, step: text };
  return {
    type: 'object',
    properties: { ...properties, type: { const: type }, ...fields },
    required: [...Object.keys(properties), 'type', ...Object.keys(fields).filter((name) => !optional.includes(name))],
    additionalProperties: false,
  };
}

const key = { key: digest, description: { type: 'object', description: 'What the key is the digest of; see docs/keys.md.' } } as const;

/** JSON Schema (draft 2020-12) of a line that `--log-format json` prints, and of the lines of a journal; version 1. */
export const eventSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What a run did: an event a line, in order. Secrets are masked.',
  oneOf: [
    {
      type: 'object',
      description: 'The first line of a journal in .atmos/logs: the command.',
      properties: {
        type: { const: 'run' },
        version: { const: 1 },
        run: text,
        at: ms,
        command: { type: 'array', items: text },
        deployment: name,
        target: name,
      },
      required: ['type', 'version', 'run', 'at', 'command', 'deployment', 'target'],
      additionalProperties: false,
    },
    event('queued', {}),
    event('waiting', { pid: ms }),
    event('started', { ...key, reason: { enum: ['never-cached', 'no-cache', 'not-in-cache'] } }),
    event('unenforced', { abilities: { type: 'array', items: text, minItems: 1 } }),
    event('output', { stream: { enum: ['stdout', 'stderr'] }, text }),
    event('retrying', { attempt: { type: 'integer', minimum: 1 }, message: text }),
    event('cached', { ...key, from: { const: 'remote' } }, ['from']),
    event('finished', { ms, exitCode: { type: 'integer' } }),
    event('failed', { ms, message: text, enter: text }, ['enter']),
    event('cancelled', { because: text }),
  ],
} as const;
