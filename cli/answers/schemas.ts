/** A JSON Schema, as far as answers need one. */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const anything: Schema = {};
const list = (items: Schema): Schema => ({ type: 'array', items });
const byName = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
/** An object with these keys alone; those that end in `?` may be missing. */
const object = (fields: Readonly<Record<string, Schema>>): Schema => ({
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
const plan = object({ create: count, update: count, delete: count, changes: list(change), warnings: list(warning) });
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
const componentResult = object({
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
const recordFields = {
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
const record = object(recordFields);
const warnings = byName(list(warning));
const report = object({
  node: text,
  files: byName(text),
  'tests?': object({ passed: count, failed: count, skipped: count }),
});
const nodes = byName(object({ status: oneOf('done', 'cached', 'failed', 'cancelled', 'planned'), ms: { type: 'number', minimum: 0 } }));
const phase = object({ deployment: text, target: text, nodes, reports: list(report), images: byName(digest) });
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
const release = object({
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
const difference = object({ component: text, what: text, before: anything, after: anything });
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
const status = object({ deployment: text, targets: list(target) });
const described = { components: byName({ type: 'object' }), 'provenance?': byName(byName({ type: 'object' })) };
const amount = object({ count, bytes: count });
const pinned = object({ name: text, reference: text, digest, pinned: flag });
const run = object({
  type: { const: 'run' },
  version: count,
  run: text,
  at: count,
  command: list(text),
  deployment: orNull(text),
  target: orNull(text),
});
const withRun = (fields: Readonly<Record<string, Schema>>): Schema =>
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
const error = object({
  code: text,
  message: text,
  file: orNull(text),
  line: orNull(count),
  column: orNull(count),
  hint: orNull(text),
});
const ofState = (fields: Readonly<Record<string, Schema>> = {}): Schema =>
  object({ deployment: text, target: text, component: text, ...fields });

/**
 * JSON Schemas of the answers that `--format json` prints, by command; `error` is the answer of each that fails. They are published with the package, and the
 * end-to-end tests hold every answer to them.
 */
export const ANSWERS: Readonly<Record<string, Schema>> = {
  error: object({ error, 'errors?': list(error) }),
  list: object({ deployments: list(object({ name: text, file: text, targets: list(text), labels: byName(text) })) }),
  describe: {
    anyOf: [object({ deployment: text, target: text, ...described }), object({ deployment: text, targets: byName(object(described)) })],
  },
  validate: object({ valid: list(text) }),
  graph: object({
    deployment: text,
    target: text,
    targets: list(object({ name: text, from: list(text), approvals: count })),
    components: list(object({ address: text, dependsOn: list(text) })),
  }),
  build: phase,
  test: phase,
  plan: object({
    deployment: text,
    target: text,
    release: digest,
    components: byName(plan),
    unknown: byName(list(text)),
    compared: byName(object({ comparison: text, reason: orNull(text) })),
    orphans: list(text),
    locked: list(text),
    refused: orNull(object({ code: text, message: text })),
  }),
  release,
  'release show': release,
  'release export': object({ release: digest, dir: text }),
  releases: object({
    releases: list(object({ digest, id: text, deployment: text, target: text, commit: text, dirty: flag, promotedFrom: orNull(digest) })),
  }),
  rollout: {
    anyOf: [
      object({ ...recordFields, warnings }),
      object({
        deployment: text,
        target: text,
        release: digest,
        components: byName(componentResult),
        orphans: list(text),
        result: oneOf('planned', 'up-to-date'),
      }),
    ],
  },
  destroy: record,
  verify: object({
    deployment: text,
    target: text,
    release: digest,
    drift: byName(plan),
    warnings,
    orphans: list(text),
    nodes,
    reports: list(report),
  }),
  reproduce: object({
    release: digest,
    made: digest,
    components: count,
    files: count,
    differences: list(difference),
    impure: list(text),
  }),
  status: { anyOf: [status, object({ deployments: list(status) })] },
  history: object({ deployment: text, target: text, records: list(record) }),
  diff: object({ before: digest, after: digest, differences: list(difference) }),
  approve: record,
  unlock: { anyOf: [record, object({ unlocked: { const: false } }), ofState({ 'lock?': text })] },
  'state push': ofState(),
  'state discard': ofState({ kept: text }),
  'state import': ofState({ 'path?': text }),
  'state forget': ofState(),
  'tracking push': object({ remote: text, refs: list(text) }),
  'images list': object({
    images: list(object({ name: text, reference: text, digest, assembled: flag, 'manifest?': digest, isHere: flag })),
  }),
  'images build': object({ images: list(pinned) }),
  'images pull': object({ images: list(pinned) }),
  'images verify': object({
    images: list(object({ name: text, digest, made: orNull(digest), tagged: orNull(digest), isSame: flag })),
  }),
  'cache stats': { type: 'object', properties: { bytes: count }, required: ['bytes'], additionalProperties: amount },
  'cache verify': object({ checked: count, damaged: list(text) }),
  'cache prune': object({ results: count, trees: count, objects: count, freed: count, left: count }),
  doctor: object({
    findings: list(
      object({
        what: text,
        'version?': text,
        isNeeded: flag,
        'reason?': text,
        'hint?': text,
        'enforces?': list(text),
        'lacks?': list(text),
      }),
    ),
    'runtime?': text,
    isFit: flag,
  }),
  logs: {
    anyOf: [object({ runs: list(withRun({ ran: count, cached: count, failed: count })) }), withRun({ events: list({ type: 'object' }) })],
  },
  explain: object({
    node: text,
    run,
    key: digest,
    ran: oneOf('cached', 'never-cached', 'no-cache', 'not-in-cache'),
    'comparedWith?': run,
    differences: list(object({ part: text, 'before?': anything, 'after?': anything, 'files?': list(text) })),
  }),
};

/** The published schema of a command's answer. */
export function answerSchema(command: string): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Answer of atmos-deployment ${command} --format json`,
    ...ANSWERS[command],
  };
}
