const text = { type: 'string' } as const;
const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;
const ms = { type: 'integer', minimum: 0 } as const;

const key = { key: digest, description: { type: 'object', description: 'What the key is the digest of; see docs/keys.md.' } } as const;

/** JSON Schemas of the events of a run's nodes. `order` are the properties that events of all sorts have. */
export function nodeEventSchemas(order: Readonly<Record<string, object>>) {
  const event = (type: string, fields: Readonly<Record<string, object>>, optional: readonly string[] = []) => {
    const properties = { ...order, node: text, component: text, step: text };
    return {
      type: 'object',
      properties: { ...properties, type: { const: type }, ...fields },
      required: [...Object.keys(properties), 'type', ...Object.keys(fields).filter((one) => !optional.includes(one))],
      additionalProperties: false,
    };
  };
  return [
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
  ];
}
