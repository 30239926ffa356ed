import { createInterface } from 'node:readline/promises';
import { destroy, targetOf } from '../../app/index.ts';
import { AtmosError, now, type TargetRef } from '../../engine/index.ts';
import { type Globals, printOrFail } from '../answers/globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';
import { summary } from './rollout.ts';

export async function destroyVerb(
  globals: Globals & RunFlags,
  name: string,
  options: { readonly target?: string; readonly component?: string; readonly yes: boolean },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, name, options.target);
    const { component } = options;
    if (!options.yes) await confirm({ deployment: name, target }, component);
    const began = now();
    const request = { deployment: name, target, component };
    const answer = await destroy(workspace, request, runSettings(globals, globals, workspace));
    const { record, failure } = answer;
    if (record === undefined) throw new TypeError('a destroy without a record');
    await printOrFail(globals.format, { document: record, failure }, () => summary(answer, record, now() - began));
  });
}

/** Asks for the target's name, as one would not type it by mistake. @throws AtmosError `not-confirmed` */
async function confirm({ deployment, target }: TargetRef, component: string | undefined): Promise<void> {
  if (process.stdin.isTTY) {
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const what = component ?? `everything ${deployment} runs`;
    const answer = await prompt.question(`This destroys ${what} in ${target}. To confirm, type ${target}: `);
    prompt.close();
    if (answer.trim() === target) return;
  }
  throw new AtmosError(`destroying ${component ?? deployment} in ${target} was not confirmed`, {
    kind: 'refused',
    code: 'not-confirmed',
    hint: 'without a terminal: --yes',
  });
}
