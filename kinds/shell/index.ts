import { COMMAND_SETTINGS, commandKind, commandsIn } from '../commands/index.ts';

/** Commands of one's own, as `settings.shell` has them. */
export const shell = commandKind({ name: 'shell', settings: COMMAND_SETTINGS, outputs: 'outputs', commands: commandsIn });
