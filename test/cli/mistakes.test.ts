import { expect, test } from 'vitest';
import { refuseUnknown } from '../../cli/command/mistakes.ts';
import { AtmosError } from '../../engine/index.ts';

const VERBS = ['rollout', 'destroy', 'status', 'describe', 'verify', 'validate', 'logs'];

const hintFor = (verb: string): string | undefined => {
  try {
    refuseUnknown(verb, VERBS);
  } catch (error) {
    return error instanceof AtmosError ? error.hint : String(error);
  }
};

test.each([
  ['deploy', 'rollout <deployment> --target <target>'],
  ['deploi', 'rollout <deployment> --target <target>'],
  ['apply', 'rollout <deployment> --target <target>'],
  ['promote', 'rollout <deployment> --target <target> --promote-from <target>'],
  ['rollback', 'rollout <deployment> --target <target> --release <id>   (ids: history)'],
  ['destory', 'destroy'],
  ['rollot', 'rollout'],
])('%s is not there, and what is meant is said', (verb, meant) => {
  expect(hintFor(verb)).toBe(`you may want: atmos-deployment ${meant}`);
});

test('a verb that is there is taken, and one that is like none is told where to look', () => {
  expect([hintFor('rollout'), hintFor('xyzzy')]).toEqual([undefined, 'see: atmos-deployment --help']);
});
