import { discardState, forgetComponent, importState, pushState, targetOf, unlockState } from '../../app/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { fileIn, type Globals, print } from '../answers/globals.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';

interface Options {
  readonly target?: string;
  readonly yes?: boolean;
}

export async function pushStateVerb(globals: Globals & RunFlags, deployment: string, component: string, options: Options): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await pushState(workspace, { deployment, target, component }, runSettings(globals, globals, workspace));
    await print(globals.format, answer, () => `✔ the rescued state of ${answer.component} is in its backend`);
  });
}

export async function discardStateVerb(globals: Globals, deployment: string, component: string, options: Options): Promise<void> {
  if (options.yes !== true) {
    throw new AtmosError('what a rescued state knows and its backend does not is lost to Terraform when it is discarded', {
      kind: 'refused',
      code: 'not-confirmed',
      hint: 'to go on: --yes',
    });
  }
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await discardState(workspace, { deployment, target, component });
    await print(globals.format, answer, () => `✔ the rescued state of ${answer.component} was moved to ${answer.kept}`);
  });
}

export async function forgetVerb(globals: Globals, deployment: string, component: string, options: Options): Promise<void> {
  if (options.yes !== true) {
    throw new AtmosError('what a component has runs on when it is forgotten, and nothing here knows of it any more', {
      kind: 'refused',
      code: 'not-confirmed',
      hint: 'only where its state is lost; to go on: --yes',
    });
  }
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await forgetComponent(workspace, { deployment, target, component });
    await print(globals.format, answer, () => `✔ ${target} knows ${answer.component} no more; what it has runs on`);
  });
}

export async function importStateVerb(
  globals: Globals,
  deployment: string,
  component: string,
  file: string,
  options: Options,
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await importState(workspace, { deployment, target, component, isCurrent: options.yes === true }, fileIn(globals, file));
    await print(globals.format, answer, () => `✔ this clone has the state of ${answer.component} now`);
  });
}

export async function unlockStateVerb(globals: Globals & RunFlags, deployment: string, target: string, component: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const answer = await unlockState(workspace, { deployment, target, component }, runSettings(globals, globals, workspace));
    await print(globals.format, answer, () =>
      answer.lock === undefined
        ? `the state of ${answer.component} was not locked`
        : `✔ lock ${answer.lock} of ${answer.component} was released`,
    );
  });
}
