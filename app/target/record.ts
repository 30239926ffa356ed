import { randomBytes } from 'node:crypto';
import type { TargetRef } from '../../engine/index.ts';
import { type Kinds, type PlanSummary, type ToolWarning, upstreamOf } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import {
  type ComponentResult,
  componentRef,
  type Entry,
  type LedgerRecord,
  type Person,
  type RecordKind,
  type RefIds,
  type RefUpdate,
  type StateLocation,
  type TargetState,
  type Work,
} from '../../tracking/index.ts';
import { componentOf } from '../release/instances.ts';
import { artifactsOf } from '../release/release.ts';
import { settingsDigest } from '../release/wanted.ts';

/** Something that changes a target, as its records say it. */
export interface ChangeSubject extends TargetRef {
  readonly kind: RecordKind;
  /** What is rolled out; `undefined` for a destroy. */
  readonly release: Release | undefined;
  readonly promotedFrom: LedgerRecord['promotedFrom'];
  readonly by: Person;
  readonly work: Work;
  /** Components that are left for another time, though they are not up to date. */
  readonly left?: readonly string[];
  /** What each component of the work is applied or destroyed with. */
  readonly subjects: ReadonlyMap<string, Release>;
}

/** Now, in whole seconds. */
function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** What every record says; the rest is empty unless `fields` say it. */
export type RecordSubject = Pick<LedgerRecord, 'kind' | 'deployment' | 'target' | 'release' | 'commit' | 'dirty' | 'by'>;

/** A record of now. */
export function newRecord(subject: RecordSubject, fields: Partial<LedgerRecord> = {}): LedgerRecord {
  const { kind, deployment, target, release, commit, dirty, by } = subject;
  const empty = { promotedFrom: null, result: null, durationMs: null, components: {}, orphans: [], artifacts: null, reason: null };
  return {
    version: 2,
    id: randomBytes(8).toString('hex'),
    kind,
    deployment,
    target,
    release,
    commit,
    dirty,
    by,
    at: timestamp(),
    ...empty,
    ...fields,
  };
}

function recordOf(
  { kind, deployment, target, release, promotedFrom, by }: ChangeSubject,
  state: TargetState,
  fields: Partial<LedgerRecord>,
): LedgerRecord {
  const { digest, config } = release ?? {};
  const subject = {
    kind,
    deployment,
    target,
    release: digest ?? state.release,
    commit: config?.commit ?? state.commit,
    dirty: config?.dirty ?? false,
    by,
  };
  return newRecord(subject, { promotedFrom, artifacts: release === undefined ? null : artifactsOf(release), ...fields });
}

/** What a record says of a component, before anything is known of how it ended. */
export function resultOf(
  kinds: Kinds,
  release: Release,
  address: string,
  action: ComponentResult['action'],
  fields: Partial<ComponentResult> = {},
): ComponentResult {
  const component = componentOf(release, address);
  return {
    action,
    release: release.digest,
    commit: release.config.commit,
    layer: component.layer,
    settings: settingsDigest(kinds, release, address),
    changes: null,
    error: null,
    began: false,
    outputs: null,
    // Digests come with the outcome; what it reads of is known before.
    upstream: Object.fromEntries(upstreamOf(component).map((from) => [from, null])),
    dependsOn: component.dependsOn,
    state: null,
    ...fields,
  };
}

/** What is written before anything is changed: which components are about to be touched, with what, and where their states are. */
export function intentEntry(
  kinds: Kinds,
  subject: ChangeSubject,
  locations: ReadonlyMap<string, StateLocation>,
  state: TargetState,
): Entry {
  // Whoever got the lock knows that the command which left this behind is gone.
  const reason = state.intent === null ? null : `continues after the command of ${state.intent.at} was interrupted`;
  const components = [...subject.work].map(([address, operation]): [string, ComponentResult] => {
    const release = subject.subjects.get(address);
    if (release === undefined) throw new TypeError(`no release of ${address}`);
    const action = operation === 'apply' ? 'applying' : 'destroying';
    return [address, resultOf(kinds, release, address, action, { state: locations.get(address) ?? null })];
  });
  return { record: recordOf({ ...subject, kind: 'intent' }, state, { reason, components: Object.fromEntries(components) }) };
}

export interface Ending {
  readonly outcomes: Readonly<Record<string, ComponentOutcome>>;
  readonly durationMs: number;
  readonly interrupted: boolean;
}

/** What is written when it is over: how each component ended. `refs` are those that point at the sources of what runs, as they are now. */
export function outcomeEntry(
  subject: ChangeSubject,
  { outcomes, durationMs, interrupted }: Ending,
  state: TargetState,
  refs: RefIds,
): Entry {
  const { kind } = subject;
  const components = Object.fromEntries(Object.entries(outcomes).map(([address, { result }]) => [address, result]));
  const results = Object.entries(components);
  const isWhole = results.every(([, { action }]) => action !== 'failed' && action !== 'not-reached');
  const gone = results.filter(([, { action }]) => action === 'destroyed').map(([address]) => address);
  const declared = Object.keys(subject.release?.config.components ?? {});
  const left = Object.keys(state.components).filter((address) => !gone.includes(address));
  const result = !isWhole ? 'failed' : kind !== 'destroy' ? 'deployed' : left.length === 0 ? 'destroyed' : 'partial';
  const orphans = subject.release === undefined ? [] : left.filter((address) => !declared.includes(address)).sort();
  const record = recordOf(subject, state, { result, durationMs, components, orphans, reason: interrupted ? 'interrupted' : null });
  return { record, refs: movesOf(record, refs) };
}

/** How the refs move that point at the sources of what runs, from where they are now. */
export function movesOf({ deployment, target, components }: LedgerRecord, refs: RefIds): readonly RefUpdate[] {
  return Object.entries(components).flatMap(([address, { action, commit }]): readonly RefUpdate[] => {
    const ref = componentRef({ deployment, target }, address);
    const from = refs.get(ref);
    if (action === 'destroyed') return from === undefined ? [] : [{ ref, from, to: undefined }];
    return ['applied', 'unchanged', 'built'].includes(action) && commit !== null && commit !== from ? [{ ref, from, to: commit }] : [];
  });
}

/** How a component's nodes ended. */
export interface ComponentOutcome {
  readonly result: ComponentResult;
  readonly plan: PlanSummary | undefined;
  /** What its apply warned of; what its plan did is there. */
  readonly warnings?: readonly ToolWarning[];
}
