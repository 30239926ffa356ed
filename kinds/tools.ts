import { environmentOf, exec, input, plainSource, script, settledReferences, step, variablesNode } from '../phases/index.ts';

/** What kinds are made with. A package is given it, and imports nothing of ours. */
export const TOOLS = { environmentOf, exec, input, plainSource, script, settledReferences, step, variablesNode };

export type KindTools = typeof TOOLS;
