import type { Digest, Results, Store } from '../engine/index.ts';
import { outputOf } from '../engine/index.ts';
import { outputsDigest, type PlanSummary, readPlan, upstreamOf } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import {
  ANY,
  type ComponentResult,
  type ComponentState,
  componentRef,
  type Entry,
  type LedgerRecord,
  type Person,
  RAN_KEPT,
  type RecordKind,
  type TargetState,
} from '../tracking/index.ts';
import { artifactsOf } from './release.ts';

/** A rollout as its records tell it. */
export interface Undertaking {
  readonly kind: RecordKind;
  readonly purpose: 'rollout' | 'destroy';
  readonly release: Release;
  readonly promotedFrom: LedgerRecord['promotedFrom'];
  readonly by: Person;
  /** The components that run; the others stay as they are. */
  readonly run: ReadonlySet<string>;
}

/** Now, in whole seconds. */
function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** What every record says; the rest is empty unless `fields` say it. */
export interface RecordSubject {
  readonly kind: RecordKind;
  readonly deployment: string;
  readonly target: string;
  readonly release: Digest | null;
  readonly commit: string | null;
  readonly dirty: boolean;
  readonly by: Person;
}

/** A record of now. */
export function newRecord(subject: RecordSubject, fields: Partial<LedgerRecord> = {}): LedgerRecord {
  const { kind, deployment, target, release, commit, dirty, by } = subject;
  const empty = { promotedFrom: null, result: null, durationMs: null, components: {}, reason: null };
  return { version: 1, kind, deployment, target, release, commit, dirty, by, at: timestamp(), ...empty, ...fields };
}

function recordOf({ kind, release, promotedFrom, by }: Undertaking, fields: Partial<LedgerRecord>): LedgerRecord {
  const { deployment, target, commit, dirty } = release.config;
  return newRecord({ kind, deployment, target, release: release.digest, commit, dirty, by }, { promotedFrom, ...fields });
}

/** What is written before anything is applied: which components are about to be touched. */
export function intentEntry(undertaking: Undertaking, state: TargetState): Entry {
  // Whoever got the lock knows that the command which left this behind is gone.
  const reason = state.state === 'deploying' ? `goes on where the rollout of ${state.at} was interrupted` : null;
  const record = recordOf({ ...undertaking, kind: 'intent' }, { reason });
  const open = [...new Set([...state.open, ...undertaking.run])].sort();
  return { record, state: { ...state, state: 'deploying', open, by: record.by, at: record.at } };
}

/** How a component's nodes ended. */
export interface ComponentOutcome {
  readonly result: ComponentResult;
  readonly plan: PlanSummary | undefined;
  /** Digest of the outputs that it has now; `null` when they are secret. */
  readonly outputs: Digest | null;
}

/** Reads from a run's results what became of each component of a release. */
export async function componentOutcomes(
  { release, run, purpose }: Undertaking,
  results: Results,
  store: Store,
  before: TargetState,
): Promise<Readonly<Record<string, ComponentOutcome>>> {
  const outcomes: Record<string, ComponentOutcome> = {};
  for (const [address, { kind, layer }] of Object.entries(release.config.components)) {
    const result = (action: ComponentResult['action'], fields: Partial<ComponentResult> = {}): ComponentResult => ({
      action,
      layer,
      changes: null,
      error: null,
      ...fields,
    });
    if (!run.has(address)) {
      const isCurrent = before.components[address]?.layer === layer;
      outcomes[address] = { result: result(isCurrent ? 'up-to-date' : 'skipped'), plan: undefined, outputs: null };
      continue;
    }
    if (kind === 'nixpack') {
      // It was built with the release; whoever reads its digest has it from there.
      outcomes[address] = { result: result(purpose === 'destroy' ? 'destroyed' : 'built'), plan: undefined, outputs: null };
      continue;
    }
    const planId = `${address}/${purpose === 'destroy' ? 'plan-destroy' : 'plan'}`;
    // A plan that failed says what is wrong, not what would change.
    const planned = results.outcomes.get(planId)?.status === 'done' ? outputOf(results, planId, 'plan') : undefined;
    const plan = planned === undefined ? undefined : await readPlan(planned, store);
    const changes = plan === undefined ? null : { create: plan.create, update: plan.update, delete: plan.delete };
    const applied = outputOf(results, `${address}/${purpose === 'destroy' ? 'destroy' : 'apply'}`, 'outputs');
    if (applied !== undefined) {
      const action = purpose === 'destroy' ? 'destroyed' : plan !== undefined && plan.changes.length === 0 ? 'unchanged' : 'applied';
      outcomes[address] = { result: result(action, { changes }), plan, outputs: await outputsDigest(applied, store) };
      continue;
    }
    const failed = [...results.outcomes].find(([id, { status }]) => id.startsWith(`${address}/`) && status === 'failed');
    const [id, outcome] = failed ?? [];
    const error = outcome?.status === 'failed' ? `${id?.slice(address.length + 1)}: ${outcome.message}` : null;
    outcomes[address] = { result: result(error === null ? 'not-reached' : 'failed', { changes, error }), plan, outputs: null };
  }
  return outcomes;
}

interface Ending {
  readonly durationMs: number;
  readonly interrupted: boolean;
}

/** What is written when it is over: how each component ended, and where the target stands now. */
export function outcomeEntry(
  undertaking: Undertaking,
  outcomes: Readonly<Record<string, ComponentOutcome>>,
  state: TargetState,
  { durationMs, interrupted }: Ending,
): Entry {
  const { release, by, run, purpose } = undertaking;
  const { deployment, target, commit } = release.config;
  const results = Object.fromEntries(Object.entries(outcomes).map(([address, { result }]) => [address, result]));
  const whole = Object.values(results).every(({ action }) => action !== 'failed' && action !== 'not-reached');
  const done = [...run].filter((address) => succeeded(results[address]));
  const result = !whole ? 'failed' : purpose === 'destroy' ? 'destroyed' : 'deployed';
  const record = recordOf(undertaking, { result, durationMs, components: results, reason: interrupted ? 'interrupted' : null });
  const open = state.open.filter((address) => !done.includes(address));
  const touched = { by, at: record.at, open };
  if (purpose === 'destroy') {
    const left = Object.fromEntries(Object.entries(state.components).filter(([address]) => !done.includes(address)));
    const gone = whole ? { state: 'destroyed', release: null, commit: null } : { state: 'failed' };
    const refs = done.flatMap((address) => {
      const running = state.components[address];
      return running === undefined ? [] : [{ ref: componentRef(deployment, target, address), from: running.commit, to: undefined }];
    });
    return {
      record,
      refs,
      state: { ...state, ...touched, ...(gone as Pick<TargetState, 'state'>), components: left },
    };
  }
  const outputsNow = (address: string): Digest | null =>
    run.has(address) ? (outcomes[address]?.outputs ?? null) : (state.components[address]?.outputs ?? null);
  const applied = done.map((address): [string, ComponentState] => {
    const component = release.config.components[address];
    if (component === undefined) throw new TypeError(`the release has no ${address}`);
    const upstream = Object.fromEntries(upstreamOf(component).map((from) => [from, outputsNow(from)]));
    return [
      address,
      { release: release.digest, commit, by, at: record.at, layer: component.layer, outputs: outputsNow(address), upstream },
    ];
  });
  const components = { ...state.components, ...Object.fromEntries(applied) };
  const isWhole = Object.entries(release.config.components).every(([address, { layer }]) => components[address]?.layer === layer);
  const ran = { release: release.digest, commit, artifacts: artifactsOf(release) };
  return {
    record,
    refs: done.map((address) => ({ ref: componentRef(deployment, target, address), from: ANY, to: commit })),
    state: {
      ...state,
      ...touched,
      state: !whole ? 'failed' : isWhole ? 'deployed' : 'partial',
      ...(whole && isWhole ? { release: release.digest, commit } : {}),
      components,
      ran:
        whole && isWhole && !release.config.dirty
          ? [ran, ...state.ran.filter(({ release: old }) => old !== ran.release)].slice(0, RAN_KEPT)
          : state.ran,
    },
  };
}

function succeeded(result: ComponentResult | undefined): boolean {
  return result?.action === 'applied' || result?.action === 'unchanged' || result?.action === 'built' || result?.action === 'destroyed';
}
