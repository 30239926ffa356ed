import { unlockTarget } from '../../app/index.ts';
import { AtmosError } from '../../engine/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { inWorkspace, type RunFlags } from '../command/settings.ts';
import { unlockStateVerb } from './state.ts';

export async function unlock(
  globals: Globals & RunFlags,
  name: string,
  { target, state, force }: { readonly target: string; readonly state?: string; readonly force: boolean },
): Promise<void> {
  if (!force) {
    throw new AtmosError(`${name}/${target} may be in use; --force is required to remove its lock`, {
      kind: 'refused',
      code: 'unlock-needs-force',
      hint: `if nobody is: atmos-deployment unlock ${name} --target ${target}${state === undefined ? '' : ` --state ${state}`} --force`,
    });
  }
  if (state !== undefined) {
    await unlockStateVerb(globals, { deployment: name, target }, state);
    return;
  }
  await inWorkspace(globals, async (workspace) => {
    const record = await unlockTarget(workspace, { deployment: name, target });
    await print(globals.format, record ?? { unlocked: false }, () =>
      record === undefined ? `${name}/${target} was not locked` : `${name}/${target} is unlocked: ${record.reason ?? ''}`,
    );
  });
}
