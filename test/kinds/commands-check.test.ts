import { expect, test } from 'vitest';
import { checkedCommands } from '../../kinds/commands/check.ts';

const WHOLE = { image: 'node', rollout: 'a', destroy: 'b', read: 'c', outputs: ['url'] };

test('commands are taken whole, and what is left out is nothing to do', () => {
  expect(checkedCommands('shell/job', WHOLE)).toEqual({
    ...{ image: 'node', network: 'bridge', inputs: [], outputs: ['url'] },
    ...{ install: null, build: null, test: null, plan: null, rollout: 'a', destroy: 'b', read: 'c' },
  });
});

test.each([
  [{ ...WHOLE, rolout: 'a' }, 'have an unknown key "rolout" (did you mean "rollout"?)'],
  [{ ...WHOLE, rollout: `echo ${'x'.repeat(130_000)}` }, 'must have at most 120 KiB as "rollout": put it in a script, and run that'],
  [{ ...WHOLE, destroy: 'echo a\0b' }, 'must have no zero byte in "destroy"'],
  [{ ...WHOLE, destroy: '-x' }, 'must begin with the name of a program, not with "-", in "destroy"'],
  [{ ...WHOLE, outputs: [] }, 'must have both "read" and "outputs", or neither'],
  [{ ...WHOLE, network: 'hots' }, 'must have one of none, bridge, host as "network", got "hots"'],
])('commands that could never run are refused: %#', (commands, message) => {
  expect(() => checkedCommands('shell/job', commands)).toThrow(`the commands of shell/job ${message}`);
});
