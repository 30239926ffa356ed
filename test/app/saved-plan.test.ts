import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { plannedWork, readSavedPlan, refuseOther, refuseStale, writeSavedPlan } from '../../app/plan/saved-plan.ts';
import type { SavedPlan } from '../../app/release/plan-file.ts';
import type { Digest } from '../../engine/index.ts';
import type { PlannedChange } from '../../phases/plan-summary.ts';
import type { Operation, TargetState } from '../../tracking/index.ts';

const change = (after: number, address = 'output.size'): PlannedChange => ({
  address,
  actions: ['update'],
  attributes: [{ path: '', before: 1, after }],
});
const changes = (...list: readonly PlannedChange[]) => ({ create: 0, update: 0, delete: 0, changes: list });
const RELEASE = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;
const PLAN: SavedPlan = {
  version: 1,
  deployment: 'app',
  target: 'dev',
  release: RELEASE('a'),
  promoteFrom: null,
  named: null,
  all: false,
  components: { 'terraform/a': changes(change(2)), 'terraform/b': changes() },
  deferred: { 'terraform/late': ['terraform/a'] },
  orphans: ['terraform/old'],
  pruned: true,
};

test('a plan that was written is read as it was, and one that was changed is not a plan', () => {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-plan-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'plan.json');
  writeSavedPlan(path, PLAN);
  expect(readSavedPlan(path)).toEqual(PLAN);
  const text = readFileSync(path, 'utf8');
  for (const other of [text.replace('"after": 2', '"after": 3'), text.slice(0, -9), text.replace('"version": 1', '"version": 2'), '[]']) {
    writeFileSync(path, other);
    expect(() => readSavedPlan(path)).toThrow(/is not a plan/);
  }
});

test('a plan is stale where the release, a change, what waits or what is destroyed is another', () => {
  expect(() => refuseStale(PLAN, structuredClone(PLAN))).not.toThrow();
  const others: readonly [Partial<SavedPlan>, RegExp][] = [
    [{ release: RELEASE('b') }, /release aaaaaaaaaaaa.*gives bbbbbbbbbbbb/],
    [{ components: { ...PLAN.components, 'terraform/a': changes(change(3)) } }, /terraform\/a would now change output.size/],
    [{ components: { ...PLAN.components, 'terraform/b': changes(change(2, 'x.y')) } }, /terraform\/b would now change x.y/],
    [{ components: { 'terraform/b': changes() } }, /terraform\/a/],
    [{ deferred: {} }, /terraform\/late depended on terraform\/a, now on nothing/],
    [{ orphans: [] }, /no longer declared/],
    [{ pruned: false }, /no longer declared/],
  ];
  for (const [other, message] of others) expect(() => refuseStale(PLAN, { ...PLAN, ...other })).toThrow(message);
});

test('an apply whose plan is not the one that was shown is refused', () => {
  expect(() => refuseOther(PLAN, 'terraform/a', changes(change(2)))).not.toThrow();
  expect(() => refuseOther(PLAN, 'terraform/a', changes(change(4)))).toThrow(/is stale/);
  expect(() => refuseOther(PLAN, 'terraform/b', changes(change(2)))).toThrow(/is stale/);
});

test('of some work a plan leaves what it deferred, and refuses what it does not have', () => {
  const work = (entries: Readonly<Record<string, Operation>>) => new Map(Object.entries(entries));
  const all = work({ 'terraform/a': 'apply', 'terraform/late': 'apply', 'terraform/old': 'destroy' });
  const none = { components: {} };
  expect([...plannedWork(PLAN, all, none).keys()]).toEqual(['terraform/a', 'terraform/old']);
  expect(() => plannedWork(PLAN, work({ 'terraform/c': 'apply' }), none)).toThrow(/terraform\/c, which would be applied/);
  expect(() => plannedWork(PLAN, work({ 'terraform/a': 'destroy' }), none)).toThrow(/terraform\/a, which would be destroyed/);
});

test('what is no longer declared stays for as long as something that was left needs it', () => {
  const plan = { ...PLAN, components: {}, orphans: ['terraform/older', 'terraform/old', 'terraform/other'] };
  const all = new Map<string, Operation>([
    ['terraform/late', 'apply'],
    ...plan.orphans.map((address): [string, Operation] => [address, 'destroy']),
  ]);
  const needs = (...dependsOn: readonly string[]) => ({ dependsOn, upstream: {} });
  const components = {
    'terraform/late': needs('terraform/old'),
    'terraform/old': needs('terraform/older'),
    'terraform/older': needs(),
    'terraform/other': needs(),
  };
  const state = { components } as unknown as TargetState;
  expect([...plannedWork(plan, all, state).keys()]).toEqual(['terraform/other']);
});

test('a plan whose changes are all made says so', () => {
  expect(() => refuseOther(PLAN, 'terraform/a', changes())).toThrow(/changes of terraform\/a have already been applied/);
  expect(() => refuseOther(PLAN, 'terraform/a', changes(change(3)))).toThrow(/differently/);
});
