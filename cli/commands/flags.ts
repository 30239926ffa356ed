import type { Command } from 'commander';
import type { Globals } from '../globals.ts';
import type { RunFlags } from '../settings.ts';

/** The options of verbs that run nodes. */
export function withRunFlags(command: Command): Command {
  return command
    .option('--runtime <name>', 'auto, bubblewrap, docker or podman')
    .option('--parallelism <n>', 'how many nodes run at once')
    .option('--keep-going', 'after a failure, go on with what does not depend on it', false)
    .option('--no-cache', 'run every node, whatever is cached')
    .option('--keep', 'keep the files of a node that fails, and say how to open a shell in them', false);
}

/** A command's options with the global ones, and its words. */
export function globalsOf(command: Command): Globals & RunFlags {
  return { ...command.optsWithGlobals<Globals & RunFlags>(), words: command.args };
}
