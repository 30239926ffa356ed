/** A JSON Schema, as far as answers need one. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
export const anything: Schema = {};
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const byName = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
export const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
/** An object with these keys alone; those that end in `?` may be missing. */
export const object = (fields: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([key, schema]) => [key.replace(/\?$/, ''), schema])),
  required: Object.keys(fields).filter((key) => !key.endsWith('?')),
  additionalProperties: false,
});

const person = object({ name: text, email: text });
const change = object({
  address: text,
  actions: list(text),
  'attributes?': list(
    object({ path: text, 'before?': anything, 'after?': anything, 'sensitive?': flag, 'unknown?': flag, 'forces?': flag }),
  ),
  'movedFrom?': text,
  'importId?': text,
});
const warning = object({ summary: text, detail: text, file: orNull(text), line: orNull(count) });
export const plan = object({ create: count, update: count, delete: count, changes: list(change), warnings: list(warning) });
const stateLocation = object({
  backend: text,
  config: digest,
  workspace: text,
  'place?': text,
  lineage: orNull(text),
  serial: orNull(count),
  'digest?': digest,
  host: orNull(text),
  dir: orNull(text),
  'rescued?': object({ host: text, path: text }),
});
export const componentResult = object({
  action: text,
  release: orNull(digest),
  commit: orNull(text),
  layer: digest,
  settings: orNull(digest),
  changes: orNull(object({ create: count, update: count, delete: count })),
  error: orNull(text),
  began: flag,
  outputs: orNull(digest),
  upstream: byName(orNull(digest)),
  dependsOn: list(text),
  state: orNull(stateLocation),
});
export const recordFields = {
  version: { const: 2 },
  id: text,
  kind: oneOf('intent', 'rollout', 'promotion', 'rollback', 'destroy', 'approval', 'unlock', 'state'),
  deployment: text,
  target: text,
  release: orNull(digest),
  commit: orNull(text),
  dirty: flag,
  promotedFrom: orNull(object({ target: text, release: digest })),
  by: person,
  at: text,
  result: orNull(oneOf('deployed', 'failed', 'destroyed', 'partial')),
  durationMs: orNull(count),
  components: byName(componentResult),
  orphans: list(text),
  artifacts: orNull(digest),
  reason: orNull(text),
  'operation?': oneOf('rollout', 'destroy', 'unlock', 'state'),
  'root?': text,
} as const;
export const record = object(recordFields);
export const warnings = byName(list(warning));
export const report = object({
  node: text,
  files: byName(text),
  'tests?': object({ passed: count, failed: count, skipped: count }),
});
export const nodes = byName(
  object({ status: oneOf('done', 'cached', 'failed', 'cancelled', 'planned'), ms: { type: 'number', minimum: 0 } }),
);
export const phase = object({ deployment: text, target: text, nodes, reports: list(report), images: byName(digest) });
const releaseComponent = object({
  kind: text,
  name: text,
  layer: digest,
  artifact: digest,
  source: digest,
  dependsOn: list(text),
  reads: list(text),
  settings: { type: 'object' },
});
export const release = object({
  digest,
  id: text,
  deployment: text,
  target: text,
  commit: text,
  dirty: flag,
  promotedFrom: orNull(digest),
  images: byName(object({ reference: text, digest, 'assembled?': flag, 'manifest?': digest })),
  components: byName(releaseComponent),
});
export const difference = object({ component: text, what: text, before: anything, after: anything });
const target = object({
  target: text,
  declared: flag,
  state: oneOf('never', 'deploying', 'deployed', 'partial', 'failed', 'destroyed'),
  release: orNull(digest),
  commit: orNull(text),
  by: orNull(person),
  at: orNull(text),
  components: byName(
    object({
      status: text,
      release: digest,
      commit: orNull(text),
      layer: digest,
      by: orNull(person),
      at: orNull(text),
      state: orNull(stateLocation),
      uncertain: flag,
      orphan: flag,
    }),
  ),
  orphans: list(text),
  intent: orNull({ type: 'object' }),
  unrecorded: flag,
  lock: orNull(object({ by: person, host: text, since: text })),
});
export const status = object({ deployment: text, targets: list(target) });
export const described = { components: byName({ type: 'object' }), 'provenance?': byName(byName({ type: 'object' })) };
export const amount = object({ count, bytes: count });
export const pinned = object({ name: text, reference: text, digest, pinned: flag });
export const withRun = (fields: Readonly<Record<string, Schema>>): Schema =>
  object({
    type: text,
    version: count,
    run: text,
    at: count,
    command: list(text),
    deployment: orNull(text),
    target: orNull(text),
    ...fields,
  });
export const run = withRun({ type: { const: 'run' } });
export const error = object({
  code: text,
  message: text,
  file: orNull(text),
  line: orNull(count),
  column: orNull(count),
  hint: orNull(text),
});
export const ofState = (fields: Readonly<Record<string, Schema>> = {}): Schema =>
  object({ deployment: text, target: text, component: text, ...fields });
