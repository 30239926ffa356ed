import { createInterface } from 'node:readline/promises';
import { destroy, targetOf } from '../../deploy/index.ts';
import { AtmosError, now } from '../../engine/index.ts';
import { type Globals, printOrFail } from '../globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../settings.ts';
import { summary } from './rollout.ts';

export async function destroyVerb(
  globals: Globals & RunFlags,
  name: string,
  options: { readonly target?: string; readonly yes: boolean },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, options.target);
    if (!options.yes) await confirm(name, target);
    const began = now();
    const { record, failure } = await destroy(workspace, name, target, runSettings(globals, globals, workspace));
    if (record === undefined) throw new TypeError('a destroy without a record');
    await printOrFail(globals.format, { document: record, failure }, () => summary(record, now() - began));
  });
}

/** Asks for the target's name, as one would not type it by mistake. @throws AtmosError `not-confirmed` */
async function confirm(deployment: string, target: string): Promise<void> {
  if (process.stdin.isTTY) {
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await prompt.question(`This takes down all that ${deployment} runs in ${target}. To go on, type ${target}: `);
    prompt.close();
    if (answer.trim() === target) return;
  }
  throw new AtmosError(`taking down ${deployment} in ${target} was not confirmed`, {
    kind: 'refused',
    code: 'not-confirmed',
    hint: 'without a terminal: --yes',
  });
}
