import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, isMissing, isObject, type TargetRef } from '../../engine/index.ts';
import { componentRef, type LedgerRecord, lockRef, type RefIds, type RefUpdate } from '../../tracking/index.ts';
import { append } from '../workspace/append.ts';
import { withCommits } from '../workspace/source-refs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { movesOf } from './record.ts';

/** What a command did and could not record: it is recorded before anything else is done. */
interface Unrecorded {
  readonly version: 1;
  /** The id of the intent's record. */
  readonly intent: string;
  /** The lock that it held. */
  readonly lock: string | null;
  readonly record: LedgerRecord;
}

function pathOf({ outcomesRoot }: Workspace, { deployment, target }: TargetRef): string {
  return join(outcomesRoot, `${deployment}~${target}.json`);
}

/** Keeps an outcome that the remote did not take, whole or not at all, for nobody else to read. */
export function keepOutcome(workspace: Workspace, outcome: Omit<Unrecorded, 'version'>): void {
  const path = pathOf(workspace, outcome.record);
  mkdirSync(workspace.outcomesRoot, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify({ version: 1, ...outcome }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Whether this clone has an outcome of a target that is not recorded yet. */
export function hasUnrecorded(workspace: Workspace, { deployment, target }: TargetRef): boolean {
  return read(pathOf(workspace, { deployment, target })) !== undefined;
}

/**
 * Records what an earlier command of this clone did and could not record, and frees its lock. Where somebody else went on from its intent meanwhile,
 * what they record counts.
 * @throws AtmosError `remote-unreachable`
 */
export async function recordEarlier(workspace: Workspace, { deployment, target }: TargetRef): Promise<void> {
  const path = pathOf(workspace, { deployment, target });
  const found = read(path);
  if (found === undefined) return;
  const lock = lockRef({ deployment, target });
  const sources = Object.keys(found.record.components).map((address) => componentRef({ deployment, target }, address));
  const build = async (state: { readonly intent: { readonly id: string } | null }, ids: RefIds) => {
    if (state.intent?.id !== found.intent) throw new Superseded();
    const moves = await withCommits(workspace, movesOf(found.record, ids));
    const held = ids.get(lock);
    const freeing: readonly RefUpdate[] = held !== undefined && held === found.lock ? [{ ref: lock, from: held, to: undefined }] : [];
    return { record: found.record, refs: [...moves, ...freeing] };
  };
  try {
    await append(workspace, deployment, target, build, { watch: [lock, ...sources], patience: 'outcome' });
    workspace.warn(`recorded what an earlier command did: ${found.record.kind} of ${deployment}/${target}, ${found.record.result ?? ''}`);
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    workspace.warn(`the result of an earlier command on ${deployment}/${target} was discarded: the ledger has newer records`);
  }
  rmSync(path, { force: true });
}

class Superseded extends Error {}

function read(path: string): Unrecorded | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (isObject(value) && value.version === 1 && typeof value.intent === 'string' && isObject(value.record))
    return value as unknown as Unrecorded;
  throw new AtmosError(`unsupported version of result file ${path}`, {
    kind: 'environment',
    code: 'unknown-version',
    hint: 'use a newer atmos-deployment',
  });
}

/** What is done, and not yet recorded. */
export function notRecorded({ deployment, target, kind }: LedgerRecord, cause: AtmosError): AtmosError {
  const what = kind === 'destroy' ? 'destroyed' : 'applied';
  return new AtmosError(`${what}, not yet recorded: ${cause.message}`, {
    kind: 'environment',
    code: 'not-recorded',
    hint: `the result is saved in this clone; the next command for ${deployment}/${target} records it`,
    cause,
  });
}
