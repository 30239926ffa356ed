import { isDigest, isObject } from '../engine/index.ts';
import {
  type ComponentAction,
  type ComponentResult,
  type ComponentState,
  type LedgerRecord,
  OPERATIONS,
  type RecordKind,
  type StateLocation,
  type TargetState,
} from './types.ts';

/** Whether a value has the form that is meant. */
type Form = (value: unknown) => boolean;

const text: Form = (value) => typeof value === 'string';
const yesOrNo: Form = (value) => typeof value === 'boolean';
const count: Form = (value) => typeof value === 'number' && Number.isFinite(value);
const digest: Form = (value) => isDigest(value);
/** Of a commit: what Git could take for an option or another name is none. */
const commit: Form = (value) => typeof value === 'string' && /^[0-9a-f]{40,64}$/.test(value);
const time: Form = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const oneOf =
  (...values: readonly unknown[]): Form =>
  (value) =>
    values.includes(value);
const maybe =
  (form: Form): Form =>
  (value) =>
    value === null || form(value);
const optional =
  (form: Form): Form =>
  (value) =>
    value === undefined || form(value);
const list =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.every(form);
const map =
  (form: Form): Form =>
  (value) =>
    isObject(value) && Object.values(value).every(form);
/** Members that are not named may be there: a newer version adds some. */
const members =
  <T>(forms: { readonly [K in keyof Required<T>]: Form }): Form =>
  (value) =>
    isObject(value) && Object.entries<Form>(forms).every(([name, form]) => form(value[name]));

const person = members<{ name: string; email: string }>({ name: text, email: text });

const location = members<StateLocation>({
  backend: text,
  config: digest,
  workspace: text,
  place: optional(text),
  lineage: maybe(text),
  serial: maybe(count),
  digest: optional(digest),
  host: maybe(text),
  dir: maybe(text),
  rescued: optional(members<NonNullable<StateLocation['rescued']>>({ host: text, path: text })),
});

const KINDS: readonly RecordKind[] = ['intent', 'rollout', 'promotion', 'rollback', 'destroy', 'approval', 'unlock', 'state'];
const ACTIONS: Readonly<Record<ComponentAction, true>> = {
  applying: true,
  destroying: true,
  applied: true,
  built: true,
  unchanged: true,
  destroyed: true,
  failed: true,
  'not-reached': true,
  'up-to-date': true,
  skipped: true,
  orphaned: true,
  'state-pushed': true,
  'state-discarded': true,
  'state-imported': true,
  forgotten: true,
  planned: true,
  'destroy-planned': true,
};
const RESULTS = ['deployed', 'failed', 'destroyed', 'partial'] as const;

/** What a component was applied with, and what it has: in records and states. */
const applied = {
  layer: digest,
  settings: maybe(digest),
  outputs: maybe(digest),
  upstream: map(maybe(digest)),
  dependsOn: list(text),
  state: maybe(location),
};

const result = members<ComponentResult>({
  action: oneOf(...Object.keys(ACTIONS)),
  release: maybe(digest),
  commit: maybe(commit),
  changes: maybe(members<NonNullable<ComponentResult['changes']>>({ create: count, update: count, delete: count })),
  error: maybe(text),
  began: yesOrNo,
  ...applied,
});

/** Whether something is a record of version 2. */
export const isRecord = members<LedgerRecord>({
  version: oneOf(2),
  id: text,
  kind: oneOf(...KINDS),
  deployment: text,
  target: text,
  release: maybe(digest),
  commit: maybe(commit),
  dirty: yesOrNo,
  promotedFrom: maybe(members<NonNullable<LedgerRecord['promotedFrom']>>({ target: text, release: digest })),
  by: person,
  at: time,
  result: maybe(oneOf(...RESULTS)),
  durationMs: maybe(count),
  components: map(result),
  orphans: list(text),
  artifacts: maybe(digest),
  reason: maybe(text),
  operation: optional(oneOf(...OPERATIONS)),
  root: optional(text),
}) as (value: unknown) => value is LedgerRecord;

const standing = {
  status: oneOf('applied', 'pending', 'failed'),
  release: digest,
  // Version 1 did not say it of all.
  commit: (value: unknown) => value === '' || commit(value),
  by: person,
  at: time,
  ...applied,
};

/** Whether something is a state of version 2. */
export const isTargetState = members<TargetState>({
  version: oneOf(2),
  deployment: text,
  target: text,
  state: oneOf('never', 'deploying', 'deployed', 'partial', 'failed', 'destroyed'),
  root: optional(text),
  release: maybe(digest),
  commit: maybe(commit),
  by: maybe(person),
  at: maybe(time),
  components: map(members<ComponentState>({ ...standing, before: maybe(members<NonNullable<ComponentState['before']>>(standing)) })),
  orphans: list(text),
  destroyed: map(location),
  intent: maybe(members<NonNullable<TargetState['intent']>>({ id: text, by: person, at: text, release: maybe(digest) })),
  last: maybe(members<NonNullable<TargetState['last']>>({ result: oneOf(...RESULTS), complete: yesOrNo })),
  approvals: map(list(members<{ by: unknown; at: string }>({ by: person, at: time }))),
  ran: list(members<TargetState['ran'][number]>({ release: digest, commit, artifacts: digest })),
}) as (value: unknown) => value is TargetState;
