import { Command } from 'commander';
import { expect, test } from 'vitest';
import { globalsOf, targeted } from '../../cli/commands/flags.ts';

function parsed(...argv: readonly string[]): Command {
  const command = new Command('plan').argument('<deployment>').argument('[target]').option('--target <name>').option('--format <form>');
  return command.action(() => undefined).parse(argv, { from: 'user' });
}

test.each([
  [['app', 'prod'], 'prod', 'prod'],
  [['app', 'prod', '--target', 'prod'], 'prod', 'prod'],
  [['app', '--target', 'prod'], undefined, 'prod'],
  [['app'], undefined, undefined],
])('of %j the target is told by a word, a flag, or neither', (argv, word, target) => {
  expect(targeted(parsed(...argv), word).opts().target).toBe(target);
});

test('two targets are refused', () => {
  expect(() => targeted(parsed('app', 'dev', '--target', 'prod'), 'dev')).toThrow('conflicting targets: dev and --target prod');
});

test('a verb without a Markdown form refuses it before it does anything', () => {
  expect(globalsOf(parsed('app', '--format', 'markdown'))).toMatchObject({ format: 'markdown' });
  expect(() => globalsOf(parsed('app', '--format', 'markdown').name('rollout'))).toThrow('rollout has no Markdown format');
});
