import type { TargetRef } from '../engine/index.ts';
import {
  type ApprovedOperation,
  approvalKey,
  type ComponentResult,
  type ComponentState,
  emptyState,
  type LedgerRecord,
  type StateLocation,
  type TargetState,
} from './types.ts';

/** How many of `ran` are kept. */
const RAN_KEPT = 200;

/** Where a target stands after some records, the oldest first: `state.json` of the last one's commit. */
export function fold({ deployment, target }: TargetRef, records: readonly LedgerRecord[]): TargetState {
  return records.reduce(step, emptyState({ deployment, target }));
}

/**
 * Where a target stands after one more record. What an intent names stays in the state until an outcome says that it is applied, or gone, or was
 * never begun.
 */
export function step(before: TargetState, record: LedgerRecord): TargetState {
  const state = record.root === undefined ? before : { ...before, root: record.root };
  switch (record.kind) {
    case 'intent':
      // A destroy goes on with what it was approved by.
      return derived(withoutApprovals(begun(state, record), onlyDestroys(record) ? BUT_DESTROY : undefined));
    case 'approval':
      return approved(state, record);
    case 'unlock':
      return withoutApprovals(state, BUT_DESTROY);
    case 'state':
      return withoutApprovals(relocated(state, record));
    case 'rollout':
    case 'promotion':
    case 'rollback':
      return derived(withoutApprovals(ended(state, record)));
    case 'destroy':
      // One that failed is repeated.
      return derived(withoutApprovals(ended(state, record), record.result === 'failed' ? BUT_DESTROY : undefined));
    default:
      return record.kind satisfies never;
  }
}

function begun(state: TargetState, record: LedgerRecord): TargetState {
  const { id, by, at, release } = record;
  const components = { ...state.components };
  for (const [address, result] of Object.entries(record.components)) {
    const known = state.components[address];
    const attempted = standing('pending', result, record, known);
    if (attempted !== undefined) components[address] = { ...attempted, before: known === undefined ? null : withoutBefore(known) };
  }
  return { ...state, components, by, at, intent: { id, by, at, release } };
}

function ended(state: TargetState, record: LedgerRecord): TargetState {
  const { by, at, result, kind } = record;
  if (result === null) throw new TypeError(`a ${kind} without a result`);
  const components: Record<string, ComponentState> = { ...state.components };
  const destroyed: Record<string, StateLocation> = { ...state.destroyed };
  for (const [address, one] of Object.entries(record.components)) {
    const now = outcomeOf(one, record, components[address]);
    if (now === undefined) delete components[address];
    else components[address] = now;
    if (one.action === 'destroyed' && one.state !== null) destroyed[address] = one.state;
    else if (now !== undefined) delete destroyed[address];
  }
  const isDestroy = kind === 'destroy';
  const orphans = (isDestroy ? state.orphans : record.orphans).filter((address) => components[address] !== undefined);
  const complete = isDestroy ? onlyOrphans(state, record) : result === 'deployed' && isWhole(components, record);
  const base = { ...state, by, at, components, destroyed, orphans: [...orphans].sort(), intent: null, last: { result, complete } };
  if (Object.keys(components).length === 0 && result !== 'failed')
    return { ...base, release: null, commit: null, ran: complete ? ranAfter(state, record) : state.ran };
  if (isDestroy || !complete) return base;
  return { ...base, release: record.release, commit: record.commit, ran: ranAfter(state, record) };
}

/** Whether every component that a release declares runs just as it has it, with the outputs that there are now. */
function isWhole(components: TargetState['components'], { components: results, orphans }: LedgerRecord): boolean {
  return Object.entries(results).every(
    ([address, result]) =>
      result.action === 'orphaned' ||
      result.action === 'destroyed' ||
      orphans.includes(address) ||
      isAsRecorded(components, address, result),
  );
}

/** What ran as a whole still does when only components that it does not declare were destroyed. */
function onlyOrphans({ last, orphans }: TargetState, record: LedgerRecord): boolean {
  return last?.complete === true && Object.keys(record.components).every((address) => orphans.includes(address));
}

/** What a component is after an outcome; `undefined` when it is not there. */
function outcomeOf(result: ComponentResult, record: LedgerRecord, known: ComponentState | undefined): ComponentState | undefined {
  switch (result.action) {
    case 'applied':
    case 'built':
    case 'unchanged':
      return applied(result, record, known);
    case 'destroyed':
      return undefined;
    case 'failed':
    case 'not-reached':
      return result.began ? failed(result, record, known) : asBefore(known);
    case 'up-to-date':
    case 'skipped':
    case 'orphaned':
    case 'state-pushed':
    case 'state-discarded':
    case 'state-imported':
    case 'forgotten':
    case 'planned':
    case 'destroy-planned':
    case 'applying':
    case 'destroying':
      return known;
    default:
      return result.action satisfies never;
  }
}

function applied(result: ComponentResult, record: LedgerRecord, known: ComponentState | undefined): ComponentState | undefined {
  const now = standing('applied', result, record, known);
  return now === undefined ? known : { ...now, before: null };
}

function failed(result: ComponentResult, record: LedgerRecord, known: ComponentState | undefined): ComponentState | undefined {
  const now = standing('failed', { ...result, outputs: null }, record, known);
  return now === undefined ? known : { ...now, before: null };
}

/** What an intent named and nothing was begun of is as it was. */
function asBefore(known: ComponentState | undefined): ComponentState | undefined {
  if (known === undefined || known.status !== 'pending') return known;
  return known.before === null ? undefined : { ...known.before, before: null };
}

function standing(
  status: ComponentState['status'],
  { release, commit, layer, settings, outputs, upstream, dependsOn, state }: ComponentResult,
  { by, at }: LedgerRecord,
  known: ComponentState | undefined,
): Omit<ComponentState, 'before'> | undefined {
  if (release === null || commit === null) return undefined;
  return { status, release, commit, by, at, layer, settings, outputs, upstream, dependsOn, state: state ?? known?.state ?? null };
}

function withoutBefore({ before: _, ...rest }: ComponentState): Omit<ComponentState, 'before'> {
  return rest;
}

/** Whether a component runs just as the record's release has it. */
function isAsRecorded(components: TargetState['components'], address: string, { layer, settings }: ComponentResult): boolean {
  const one = components[address];
  if (one === undefined || one.status !== 'applied' || one.layer !== layer || one.settings !== settings) return false;
  return Object.keys(one.upstream).every((from) => hasOutputs(components, address, from));
}

/** Whether what a component reads of another is what it was applied with. Outputs that are not known are never the same. */
export function hasOutputs(components: TargetState['components'], address: string, from: string): boolean {
  const outputs = components[from]?.outputs ?? null;
  return outputs !== null && components[address]?.upstream[from] === outputs;
}

function ranAfter(state: TargetState, { release, commit, artifacts, dirty }: LedgerRecord): TargetState['ran'] {
  if (dirty || release === null || commit === null || artifacts === null) return state.ran;
  return [{ release, commit, artifacts }, ...state.ran.filter((one) => one.release !== release)].slice(0, RAN_KEPT);
}

/** Where states are has changed; or a component is to be known no more, whatever it has. */
function relocated(state: TargetState, record: LedgerRecord): TargetState {
  const components = { ...state.components };
  for (const [address, { action, state: location }] of Object.entries(record.components)) {
    const known = components[address];
    if (action === 'forgotten') delete components[address];
    else if (known !== undefined && location !== null) components[address] = { ...known, state: location };
  }
  const left = Object.keys(components).length;
  const isSame = left === Object.keys(state.components).length;
  // Of a target of which nothing is known any more nothing can be said.
  const last = state.last === null || isSame ? state.last : left === 0 ? null : { ...state.last, complete: false };
  const orphans = state.orphans.filter((address) => components[address] !== undefined);
  const ran = left === 0 && !isSame ? { release: null, commit: null } : {};
  return derived({ ...state, ...ran, components, last, orphans });
}

function approved(state: TargetState, { release, by, at, operation = 'rollout' }: LedgerRecord): TargetState {
  if (release === null && operation === 'rollout') throw new TypeError('an approval of no release');
  const key = approvalKey(operation, release);
  return { ...state, approvals: { ...state.approvals, [key]: [...(state.approvals[key] ?? []), { by, at }] } };
}

const BUT_DESTROY: readonly ApprovedOperation[] = ['unlock', 'state'];

/** Without the approvals of what is done to a target as it was: it is another one now, or has been done. Those of releases stay. */
function withoutApprovals(state: TargetState, operations: readonly ApprovedOperation[] = ['destroy', 'unlock', 'state']): TargetState {
  const left = Object.entries(state.approvals).filter(([key]) => !operations.some((operation) => key === operation));
  return left.length === Object.keys(state.approvals).length ? state : { ...state, approvals: Object.fromEntries(left) };
}

function onlyDestroys({ components }: LedgerRecord): boolean {
  return Object.values(components).every(({ action }) => action === 'destroying');
}

/** The target's own state follows from its components, and from how the last command ended. */
function derived(state: TargetState): TargetState {
  return { ...state, state: stateOf(state) };
}

function stateOf({ intent, components, last }: TargetState): TargetState['state'] {
  if (intent !== null) return 'deploying';
  const all = Object.values(components);
  if (last === null) return 'never';
  if (last.result === 'failed' || all.some(({ status }) => status !== 'applied')) return 'failed';
  if (all.length === 0) return 'destroyed';
  return last.complete ? 'deployed' : 'partial';
}
