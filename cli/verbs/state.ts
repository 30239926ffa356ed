import { discardState, forgetComponent, importState, pushState, targetOf, unlockState } from '../../app/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
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
    await print(globals.format, { deployment, target, ...answer }, () => `✔ the rescued state of ${answer.component} is in its backend`);
  });
}

export async function discardStateVerb(globals: Globals, deployment: string, component: string, options: Options): Promise<void> {
  if (options.yes !== true) {
    throw new AtmosError('discarding the rescued state loses changes that are not in the backend', {
      kind: 'refused',
      code: 'not-confirmed',
      hint: 'confirm with --yes',
    });
  }
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await discardState(workspace, { deployment, target, component });
    await print(
      globals.format,
      { deployment, target, ...answer },
      () => `✔ the rescued state of ${answer.component} was moved to ${answer.kept}`,
    );
  });
}

export async function forgetVerb(globals: Globals, deployment: string, component: string, options: Options): Promise<void> {
  if (options.yes !== true) {
    throw new AtmosError('resources of the component keep running but are no longer tracked', {
      kind: 'refused',
      code: 'not-confirmed',
      hint: 'only if its state is lost; confirm with --yes',
    });
  }
  await inWorkspace(globals, async (workspace) => {
    const target = await targetOf(workspace, deployment, options.target);
    const answer = await forgetComponent(workspace, { deployment, target, component });
    await print(
      globals.format,
      { deployment, target, ...answer },
      () => `✔ ${answer.component} is no longer tracked in ${target}; its resources keep running`,
    );
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
    await print(globals.format, { deployment, target, ...answer }, () => `✔ imported the state of ${answer.component}`);
  });
}

export async function unlockStateVerb(globals: Globals & RunFlags, { deployment, target }: TargetRef, component: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const answer = await unlockState(workspace, { deployment, target, component }, runSettings(globals, globals, workspace));
    await print(globals.format, { deployment, target, ...answer }, () =>
      answer.lock === undefined
        ? `the state of ${answer.component} was not locked`
        : `✔ lock ${answer.lock} of ${answer.component} was released`,
    );
  });
}
