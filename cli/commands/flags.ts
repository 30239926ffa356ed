import type { Command } from 'commander';
import { AtmosError } from '../../engine/index.ts';
import type { Globals } from '../answers/globals.ts';
import type { RunFlags } from '../command/settings.ts';

/** The options of verbs that run nodes. */
export function withRunFlags(command: Command): Command {
  return command
    .option('--runtime <name>', 'container runtime (choices: auto, bubblewrap, docker, podman; default: engine.runtime)')
    .option('--parallelism <n>', 'maximum number of nodes that run at once')
    .option('--keep-going', 'after a failure, keep running nodes that do not depend on it', false)
    .option('--no-cache', 'do not use cached results')
    .option('--keep', 'keep the files of failed nodes, and print how to open a shell in them', false);
}

/** The verbs whose answers have a Markdown form. */
const WITH_MARKDOWN = ['plan'];

/** A command's options with the global ones, and its words. @throws AtmosError `no-markdown`, before anything is done */
export function globalsOf(command: Command): Globals & RunFlags {
  const globals = { ...command.optsWithGlobals<Globals & RunFlags>(), words: command.args };
  if (globals.format !== 'markdown' || WITH_MARKDOWN.includes(command.name())) return globals;
  throw new AtmosError(`${command.name()} has no Markdown format`, {
    kind: 'invalid',
    code: 'no-markdown',
    hint: `${WITH_MARKDOWN.join(', ')} has one; other answers have --format json and yaml`,
  });
}

/** A command that may be told its target by a word as well as by `--target`. @throws AtmosError `two-targets` where they differ */
export function targeted(command: Command, word: string | undefined): Command {
  const { target } = command.opts<{ readonly target?: string }>();
  if (word === undefined || word === target) return command;
  if (target === undefined) return command.setOptionValue('target', word);
  throw new AtmosError(`conflicting targets: ${word} and --target ${target}`, {
    kind: 'invalid',
    code: 'two-targets',
    hint: 'give one target; run the command once per target',
  });
}
