import {
  amount,
  anything,
  byName,
  componentResult,
  count,
  described,
  difference,
  digest,
  error,
  flag,
  list,
  nodes,
  object,
  ofState,
  oneOf,
  orNull,
  phase,
  pinned,
  plan,
  record,
  recordFields,
  release,
  report,
  run,
  type Schema,
  status,
  text,
  warnings,
  withRun,
} from './schema-parts.ts';

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
    unchecked: list(text),
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
