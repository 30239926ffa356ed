import { suggestion } from '../config/index.ts';
import {
  AtmosError,
  asDigest,
  type Digest,
  isDigest,
  isObject,
  type Json,
  type JsonObject,
  type RunEvent,
  type StartReason,
  type Store,
} from '../engine/index.ts';
import { type Journal, journals, type RunLine } from './workspace/journal.ts';
import type { Workspace } from './workspace/workspace.ts';

type Started = Extract<RunEvent, { readonly type: 'started' }>;

/** One part of a key that is another one now. `undefined` where it was not there. */
export interface KeyDifference {
  /** `action/argv`, `inputs/source`. */
  readonly part: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** Of an input: the files that differ, where both trees are still in the cache. */
  readonly files?: readonly string[];
}

export interface Explanation {
  readonly node: string;
  readonly run: RunLine;
  readonly key: Digest;
  /** `cached`: it did not run, its result was there. */
  readonly ran: StartReason | 'cached';
  /** The run before with which it is compared; `undefined` when it is the first of its kind on record. */
  readonly comparedWith: RunLine | undefined;
  readonly differences: readonly KeyDifference[];
}

/**
 * Why a node ran the last time, or did not: what of its key differs from the run of the same deployment and target before.
 * @throws AtmosError `no-node` when no run on record had it
 */
export async function explain({ logsRoot, store }: Workspace, node: string): Promise<Explanation> {
  const known = new Set<string>();
  let last: { readonly journal: Journal; readonly event: Started | Extract<RunEvent, { readonly type: 'cached' }> } | undefined;
  const descriptions = new Map<Digest, JsonObject>();
  let before: { readonly run: RunLine; readonly key: Digest } | undefined;
  for (const journal of journals(logsRoot)) {
    for (const event of journal.events) {
      known.add(event.node);
      if (event.node === node && (event.type === 'started' || event.type === 'cached')) descriptions.set(event.key, event.description);
    }
    const event = journal.events.findLast((one) => one.node === node && (one.type === 'started' || one.type === 'cached'));
    if (event?.type !== 'started' && event?.type !== 'cached') continue;
    if (last === undefined) last = { journal, event };
    else if (before === undefined && isSameSubject(journal.run, last.journal.run)) before = { run: journal.run, key: event.key };
    if (before !== undefined && descriptions.has(last.event.key) && descriptions.has(before.key)) break;
  }
  if (last === undefined) throw noNode(node, [...known]);
  const { event } = last;
  const after = descriptions.get(event.key);
  const older = before === undefined ? undefined : descriptions.get(before.key);
  return {
    node,
    run: last.journal.run,
    key: event.key,
    ran: event.type === 'cached' ? 'cached' : event.reason,
    comparedWith: older === undefined ? undefined : before?.run,
    differences: older === undefined || after === undefined ? [] : await differences(older, after, store),
  };
}

function isSameSubject(a: RunLine, b: RunLine): boolean {
  return a.deployment === b.deployment && a.target === b.target;
}

async function differences(before: JsonObject, after: JsonObject, store: Store): Promise<readonly KeyDifference[]> {
  const [old, now] = [parts(before), parts(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  const changed = names.filter((part) => JSON.stringify(old.get(part)) !== JSON.stringify(now.get(part)));
  return Promise.all(
    changed.map(async (part) => {
      const difference = { part, before: old.get(part), after: now.get(part) };
      const files = await differentFiles(difference.before, difference.after, store);
      return files === undefined ? difference : { ...difference, files };
    }),
  );
}

/** A key's description in its parts: inputs by path, the others by name, maps one level deeper. */
function parts(description: JsonObject): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  const { inputs, action, ...rest } = description;
  for (const input of Array.isArray(inputs) ? (inputs as JsonObject[]) : []) found.set(`inputs ${String(input.path)}`, input.tree ?? null);
  for (const [name, value] of Object.entries({ ...(isObject(action) ? (action as JsonObject) : {}), ...rest })) {
    if (isObject(value)) for (const [key, member] of Object.entries(value as JsonObject)) found.set(`${name} ${key}`, member);
    else found.set(name, value);
  }
  return found;
}

async function differentFiles(before: Json | undefined, after: Json | undefined, store: Store): Promise<readonly string[] | undefined> {
  if (!isDigest(before) || !isDigest(after)) return undefined;
  const [old, now] = await Promise.all([filesOf(asDigest(before), store), filesOf(asDigest(after), store)]);
  if (old === undefined || now === undefined) return undefined;
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path)).sort();
}

/** `undefined` where the tree is not in the cache any more. */
async function filesOf(tree: Digest, store: Store): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return new Map((await store.tree(tree)).entries.map(({ path, mode, digest }) => [path, `${mode} ${digest}`]));
  } catch (error) {
    if (error instanceof AtmosError && error.code === 'damaged-object') return undefined;
    throw error;
  }
}

function noNode(node: string, known: readonly string[]): AtmosError {
  return new AtmosError(`no recorded run had a node "${node}"`, {
    kind: 'invalid',
    code: 'no-node',
    hint: known.length === 0 ? 'run something first, a plan for example' : suggestion(node, known, 'nodes'),
  });
}
