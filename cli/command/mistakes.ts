import type { Command, CommanderError } from 'commander';
import { nearest } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';

/** What other tools call it, and what it is here. Nothing that takes something down is guessed for what only sounds like it. */
const MEANT: Readonly<Record<string, string>> = {
  ...said('rollout <deployment> --target <target>', 'deploy', 'apply', 'up', 'install', 'upgrade', 'sync'),
  ...said('rollout <deployment> --target <target> --promote-from <target>', 'promote', 'promotion'),
  ...said('rollout <deployment> --target <target> --release <id>   (ids: history)', 'rollback', 'revert', 'undo'),
  ...said('destroy <deployment> --target <target>', 'undeploy', 'uninstall', 'down', 'teardown'),
  ...said('verify <deployment> --target <target>', 'check', 'drift'),
  ...said('validate [deployment]', 'lint'),
  ...said('describe <deployment>', 'show', 'inspect'),
  ...said('logs [run]', 'log'),
};

function said(command: string, ...words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map((word) => [word, command]));
}

/**
 * Refuses a verb that is not there, with what was meant: by what other tools call it, or by its letters.
 * @throws AtmosError `usage`
 */
export function refuseUnknown(verb: string, verbs: readonly string[]): void {
  if (verbs.includes(verb)) return;
  const found = nearest(verb, [...Object.keys(MEANT), ...verbs]);
  const meant = found === undefined ? undefined : (MEANT[found] ?? found);
  throw new AtmosError(`there is no command "${verb}"`, {
    kind: 'invalid',
    code: 'usage',
    hint: meant === undefined ? 'see: atmos-deployment --help' : `you may want: atmos-deployment ${meant}`,
  });
}

/** What to do about a word too many, where it may be a target's name; `undefined` where that is nothing to say. */
export function hintOf(error: CommanderError, command: Command | undefined, argv: readonly string[]): string | undefined {
  const takesTarget = command?.options.some(({ long }) => long === '--target') === true;
  if (error.code !== 'commander.excessArguments' || !takesTarget) return undefined;
  return `  name the target with a flag: --target ${argv.findLast((word) => !word.startsWith('-')) ?? '<target>'}\n`;
}
