import { AtmosError, type Digest, isObject } from '../engine/index.ts';
import { isRecord, isTargetState } from './form.ts';
import type { Person } from './git/types.ts';
import type { ComponentResult, ComponentState, LedgerRecord, TargetState } from './types.ts';

/** A record of version 1: it does not say what each component was applied with. */
type Record1 = Omit<LedgerRecord, 'version' | 'id' | 'components' | 'orphans' | 'artifacts'> & {
  readonly components: Readonly<Record<string, Pick<ComponentResult, 'action' | 'layer' | 'changes' | 'error'>>>;
};

/** A state of version 1: components that an intent named stand in `open`. */
type State1 = Omit<TargetState, 'version' | 'components' | 'orphans' | 'destroyed' | 'intent' | 'last'> & {
  readonly components: Readonly<
    Record<string, Pick<ComponentState, 'release' | 'commit' | 'layer' | 'by' | 'at' | 'outputs' | 'upstream'>>
  >;
  readonly open: readonly string[];
};

/** Reads a record of either version. @throws AtmosError `unknown-version`, `malformed`, naming the object */
export function readRecord(value: unknown, name: string): LedgerRecord {
  const version = versionOf(value, 'record', name);
  const record = version === 2 ? value : tried(() => upgradeRecord(value as Record1));
  if (isRecord(record)) return record;
  throw malformed('record', name);
}

/** Reads a state of either version; `record` is the one of the same commit. @throws AtmosError `unknown-version`, `malformed`, naming the object */
export async function readState(value: unknown, record: () => Promise<LedgerRecord>, name: string): Promise<TargetState> {
  const version = versionOf(value, 'state', name);
  const of = version === 2 ? undefined : await record();
  const state = of === undefined ? value : tried(() => upgradeState(value as State1, of));
  if (isTargetState(state)) return state;
  throw malformed('state', name);
}

/** What has the form of neither version can't be brought into that of the newer one. */
function tried(upgrade: () => unknown): unknown {
  try {
    return upgrade();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

export function malformed(what: string, name: string): AtmosError {
  return new AtmosError(`the ${what} at ${name} is damaged, or was not written by atmos-deployment`, {
    kind: 'failed',
    code: 'malformed',
    hint: 'it was not used; find out who changed that ref, and restore it',
  });
}

function versionOf(value: unknown, what: string, name: string): 1 | 2 {
  if (isObject(value) && isObject(value.components) && (value.version === 1 || value.version === 2)) return value.version;
  throw new AtmosError(`the ${what} at ${name} was written by a newer version`, {
    kind: 'environment',
    code: 'unknown-version',
    hint: 'use a newer atmos-deployment',
  });
}

function upgradeRecord(record: Record1): LedgerRecord {
  const components = Object.entries(record.components).map(([address, { action, layer, changes, error }]): [string, ComponentResult] => [
    address,
    {
      action,
      release: record.release,
      commit: record.commit,
      layer,
      settings: null,
      changes,
      error,
      began: action === 'failed',
      outputs: null,
      upstream: {},
      dependsOn: [],
      state: null,
    },
  ]);
  return { ...record, version: 2, id: '', components: Object.fromEntries(components), orphans: [], artifacts: null };
}

/** What version 1 does not say is not known: settings, and how what an intent named had ended. */
function upgradeState(state: State1, record: LedgerRecord): TargetState {
  const { open, ...rest } = state;
  const components: Record<string, ComponentState> = {};
  for (const [address, one] of Object.entries(state.components)) {
    components[address] = {
      ...one,
      status: open.includes(address) ? 'pending' : 'applied',
      settings: null,
      dependsOn: [],
      state: null,
      before: null,
    };
  }
  for (const address of open) components[address] ??= unknown(address, record);
  const result = { deployed: 'deployed', partial: 'deployed', destroyed: 'destroyed' } as const;
  const last =
    state.state === 'never' ? null : { result: result[state.state as 'deployed'] ?? 'failed', complete: state.state === 'deployed' };
  const intent = state.state === 'deploying' ? { id: '', by: state.by ?? NOBODY, at: state.at ?? '', release: record.release } : null;
  return { ...rest, version: 2, components, orphans: [], destroyed: {}, intent, last };
}

const NOBODY: Person = { name: '', email: '' };

/** A component that was never recorded as applied, and that an intent named. */
function unknown(address: string, { release, commit, by, at, components }: LedgerRecord): ComponentState {
  return {
    status: 'pending',
    release: release as Digest,
    commit: commit ?? '',
    by,
    at,
    layer: components[address]?.layer ?? (release as Digest),
    settings: null,
    outputs: null,
    upstream: {},
    dependsOn: [],
    state: null,
    before: null,
  };
}
