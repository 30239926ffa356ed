import { environmentOf, exec, input, plainSource, script, settledReferences, step, variablesNode } from '../phases/index.ts';
import { COMMAND_SETTINGS, commandKind, commandsIn } from './commands/index.ts';

/**
 * What kinds are made with. A package is given it, and imports nothing of ours. `commandKind` makes a whole kind of command lines; the others are its parts,
 * for a kind that is made of something else.
 */
export const TOOLS = {
  commandKind,
  COMMAND_SETTINGS,
  commandsIn,
  ...{ environmentOf, exec, input, plainSource, script, settledReferences, step, variablesNode },
};

export type KindTools = typeof TOOLS;
