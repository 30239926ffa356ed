import { expect, test } from 'vitest';
import { fold, type LedgerRecord } from '../../tracking/index.ts';
import { entry, RAVI, RELEASE, result } from './repositories.ts';

/** What is approved after some records, all of one second. */
function approvedAfter(...records: readonly Partial<LedgerRecord>[]): readonly string[] {
  const all = records.map((fields) => entry(fields).record);
  return Object.keys(fold({ deployment: 'shop', target: 'dev' }, all).approvals).sort();
}

const ROLLOUT: Partial<LedgerRecord> = {};
const RUNNING: Partial<LedgerRecord> = { kind: 'intent', result: null, components: { 'terraform/net': result({ action: 'applying' }) } };
const DESTROYING: Partial<LedgerRecord> = {
  kind: 'intent',
  result: null,
  components: { 'terraform/net': result({ action: 'destroying' }) },
};
const FAILED: Partial<LedgerRecord> = {
  kind: 'destroy',
  result: 'failed',
  components: { 'terraform/net': result({ action: 'failed', began: true }) },
};
const DESTROYED: Partial<LedgerRecord> = {
  kind: 'destroy',
  result: 'deployed',
  components: { 'terraform/net': result({ action: 'destroyed' }) },
};
const approvalOf = (operation: 'destroy' | 'unlock' | 'state'): Partial<LedgerRecord> => {
  return { kind: 'approval', operation, result: null, components: {}, by: RAVI };
};
const ALL = [approvalOf('destroy'), approvalOf('unlock'), approvalOf('state')];
const ofRelease: Partial<LedgerRecord> = { kind: 'approval', result: null, components: {}, by: RAVI };

test('what is done to a target as it is stays approved until the target changes, or it is done', () => {
  expect(approvedAfter(ROLLOUT, ...ALL)).toEqual(['destroy', 'state', 'unlock']);
  expect(approvedAfter(ROLLOUT, ...ALL, RUNNING)).toEqual([]);
  expect(approvedAfter(ROLLOUT, ...ALL, ROLLOUT)).toEqual([]);
  expect(approvedAfter(ROLLOUT, ...ALL, { kind: 'unlock', result: null, components: {} })).toEqual(['destroy']);
  expect(approvedAfter(ROLLOUT, ...ALL, { kind: 'state', result: null, components: {} })).toEqual([]);
  expect(approvedAfter(ROLLOUT, ...ALL, DESTROYING, DESTROYED)).toEqual([]);
});

test('a destroy that failed, or was killed, is repeated with the approval it had', () => {
  expect(approvedAfter(ROLLOUT, ...ALL, DESTROYING)).toEqual(['destroy']);
  expect(approvedAfter(ROLLOUT, ...ALL, DESTROYING, FAILED)).toEqual(['destroy']);
  expect(approvedAfter(ROLLOUT, ...ALL, DESTROYING, RUNNING)).toEqual([]);
});

test('a lock is taken away from the command that somebody saw at work, and from no later one', () => {
  expect(approvedAfter(ROLLOUT, RUNNING, approvalOf('unlock'))).toEqual(['unlock']);
  expect(approvedAfter(ROLLOUT, RUNNING, approvalOf('unlock'), ROLLOUT)).toEqual([]);
});

test('a release stays approved, whatever is done to its target', () => {
  expect(approvedAfter(ofRelease, RUNNING, ROLLOUT, ...ALL, DESTROYING, DESTROYED)).toEqual([RELEASE]);
});
