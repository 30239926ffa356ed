import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  AtmosError,
  type Digest,
  isDigest,
  isMissing,
  isObject,
  type JsonObject,
  jsonDigest,
  parseJson,
  prettyJson,
  shortId,
} from '../../engine/index.ts';
import type { PlanSummary } from '../../phases/index.ts';
import { dependentsOf, orderOf, type TargetState, type Work } from '../../tracking/index.ts';
import type { SavedPlan } from '../release/plan-file.ts';
import type { PlanAnswer, PlanRequest } from './plan.ts';

/** What is kept of a plan. */
export function savedPlan({ deployment, target, all, promoteFrom, release: named }: PlanRequest, answer: PlanAnswer): SavedPlan {
  const { release, plans, unknown, orphans, pruned } = answer;
  const waiting = deferredBy(
    unknown,
    Object.fromEntries(Object.entries(release.config.components).map(([address, { dependsOn }]) => [address, dependsOn])),
    (address) => (plans[address]?.changes.length ?? 0) > 0,
  );
  return {
    version: 1,
    deployment,
    target,
    release: release.digest,
    promoteFrom: promoteFrom ?? null,
    named: named === undefined ? null : release.digest,
    all,
    components: Object.fromEntries(
      Object.entries(plans).map(([address, { create, update, delete: deleted, changes }]) => [
        address,
        { create, update, delete: deleted, changes },
      ]),
    ),
    deferred: waiting,
    orphans,
    pruned,
  };
}

/** With what can't be planned waits what depends on it and would change. */
function deferredBy(
  unknown: PlanAnswer['unknown'],
  edges: Readonly<Record<string, readonly string[]>>,
  changes: (address: string) => boolean,
): SavedPlan['deferred'] {
  const deferred: Record<string, readonly string[]> = { ...unknown };
  for (const [address, waits] of orderOf(edges, (one) => unknown[one] !== undefined)) {
    if (waits.length > 0 && deferred[address] === undefined && changes(address)) deferred[address] = waits;
  }
  return deferred;
}

/** Writes a plan for `readSavedPlan`: a JSON document that only its owner may read. @throws AtmosError `no-directory`, what the disk says */
export function writeSavedPlan(path: string, plan: SavedPlan): void {
  if (path === '' || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new AtmosError(`a plan can't be written to "${path}": name a file`, {
      kind: 'invalid',
      code: 'no-file',
      hint: 'for example: --out plan.json',
    });
  }
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new AtmosError(`${path} can't be written: there is no directory ${dirname(path)}`, {
      kind: 'invalid',
      code: 'no-directory',
      hint: 'make it first',
    });
  }
  const document = { ...plan, digest: digestOf(plan) };
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, prettyJson(document), { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new AtmosError(`${path} can't be written: ${(cause as Error).message}`, { kind: 'environment', code: 'not-written', cause });
  }
}

/** @throws AtmosError `no-plan`, `invalid-plan` */
export function readSavedPlan(path: string): SavedPlan {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = isMissing(cause) ? 'there is no such file' : (cause as Error).message;
    throw new AtmosError(`the plan ${path} can't be read: ${why}`, {
      kind: 'invalid',
      code: 'no-plan',
      hint: `save one: atmos-deployment plan <deployment> --target <target> --out ${path}`,
      cause,
    });
  }
  const invalid = (why: string): AtmosError =>
    new AtmosError(`${path} is not a plan: ${why}`, {
      kind: 'invalid',
      code: 'invalid-plan',
      hint: 'plans are written by `plan --out`, and must not be edited',
    });
  let document: unknown;
  try {
    document = parseJson(text);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!isObject(document)) throw invalid('it is not an object');
  if (document.version !== 1) throw invalid(`unsupported format version ${JSON.stringify(document.version) ?? '(none)'}, expected 1`);
  const { digest, ...plan } = document as JsonObject;
  if (digest !== digestOf(plan)) throw invalid('checksum mismatch: the file was edited or truncated');
  if (!isPlan(plan)) throw invalid('required fields are missing');
  return plan;
}

function isPlan(plan: object): plan is SavedPlan {
  const { deployment, target, release, components, deferred, orphans } = plan as Partial<SavedPlan>;
  return (
    typeof deployment === 'string' &&
    typeof target === 'string' &&
    isDigest(release) &&
    isObject(components) &&
    Object.values(components).every((one) => isObject(one) && Array.isArray(one.changes)) &&
    isObject(deferred) &&
    Object.values(deferred).every((one) => Array.isArray(one)) &&
    Array.isArray(orphans)
  );
}

function digestOf(plan: SavedPlan | JsonObject): Digest {
  return jsonDigest(plan);
}

/** Compares a plan with what would be planned now. @throws AtmosError `stale-plan`, which says what is another */
export function refuseStale(saved: SavedPlan, now: SavedPlan): void {
  if (saved.release !== now.release) {
    throw stale(
      saved,
      `it was made for release ${shortId(saved.release)}, ${saved.promoteFrom === null ? 'the working tree now gives' : `${saved.promoteFrom} now runs`} ${shortId(now.release)}`,
    );
  }
  const addresses = [
    ...new Set([saved, now].flatMap(({ components, deferred }) => [...Object.keys(components), ...Object.keys(deferred)])),
  ];
  for (const address of addresses.sort()) {
    if (!isSame(saved.deferred[address] ?? null, now.deferred[address] ?? null)) {
      throw stale(saved, `${address} depended on ${listed(saved.deferred[address])}, now on ${listed(now.deferred[address])}`);
    }
    refuseOther(saved, address, now.components[address]);
  }
  if (!isSame(saved.orphans, now.orphans) || saved.pruned !== now.pruned) {
    throw stale(saved, `no longer declared were ${listed(saved.orphans)}, and now ${listed(now.orphans)}`);
  }
}

/** Whether a plan changes anything. */
export function hasChanges({ components }: SavedPlan): boolean {
  return Object.values(components).some(({ changes }) => changes.length > 0);
}

/** Whether a component's changes are those that were shown. @throws AtmosError `stale-plan` */
export function refuseOther(saved: SavedPlan, address: string, now: Pick<PlanSummary, 'changes'> | undefined): void {
  const [before, after] = [saved.components[address]?.changes ?? [], now?.changes ?? []];
  if (isSame(before, after)) return;
  const texts = (changes: PlanSummary['changes']): ReadonlyMap<string, string> =>
    new Map(changes.map((change) => [change.address, jsonDigest(change)]));
  const [was, is] = [texts(before), texts(after)];
  const other = [...new Set([...was.keys(), ...is.keys()])].filter((one) => was.get(one) !== is.get(one));
  if (after.length === 0) throw stale(saved, `the changes of ${address} have already been applied`);
  throw stale(saved, `${address} would now change ${other.slice(0, 3).join(', ')}${other.length > 3 ? ', …' : ''} differently`);
}

/**
 * The part of some work that a plan has: what it left for another is left, and what that needs of what is no longer declared, too.
 * @throws AtmosError `stale-plan` where there is more to do than it says
 */
export function plannedWork(saved: SavedPlan, work: Work, state: Pick<TargetState, 'components'>): Work {
  // What stores and others' outputs have now makes changes that no ledger knows of.
  const changed = Object.entries(saved.components).flatMap(([address, { changes }]) =>
    changes.length > 0 ? [[address, 'apply'] as const] : [],
  );
  const own = new Map([...changed, ...work].filter(([address]) => saved.deferred[address] === undefined));
  for (const [address, operation] of own) {
    const isKnown = operation === 'destroy' ? saved.pruned && saved.orphans.includes(address) : saved.components[address] !== undefined;
    if (!isKnown) throw stale(saved, `it does not include ${address}, which would be ${operation === 'destroy' ? 'destroyed' : 'applied'}`);
  }
  const isLeft = (address: string): boolean =>
    saved.deferred[address] !== undefined || (work.get(address) === 'destroy' && !own.has(address));
  const needed = (): readonly string[] =>
    [...own].flatMap(([address, operation]) => (operation === 'destroy' && dependentsOf(state, address).some(isLeft) ? [address] : []));
  for (let found = needed(); found.length > 0; found = needed()) for (const address of found) own.delete(address);
  return own;
}

function stale({ deployment, target, promoteFrom, named }: SavedPlan, why: string): AtmosError {
  const from = promoteFrom === null ? (named === null ? '' : ` --release ${shortId(named)}`) : ` --promote-from ${promoteFrom}`;
  return new AtmosError(`the saved plan is stale: ${why}`, {
    kind: 'refused',
    code: 'stale-plan',
    hint: `plan again: atmos-deployment plan ${deployment} --target ${target}${from} --out <file>`,
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return jsonDigest(a) === jsonDigest(b);
}

function listed(addresses: readonly string[] | undefined): string {
  return addresses === undefined || addresses.length === 0 ? 'nothing' : addresses.join(', ');
}
