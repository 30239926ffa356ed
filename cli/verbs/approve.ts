import { approve, approveOperation } from '../../app/index.ts';
import { AtmosError } from '../../engine/index.ts';
import type { ApprovedOperation } from '../../tracking/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export interface ApproveFlags {
  readonly target: string;
  readonly release?: string;
  readonly operation?: Exclude<ApprovedOperation, 'rollout'>;
}

export async function approveVerb(globals: Globals, name: string, { target, release, operation }: ApproveFlags): Promise<void> {
  if (release === undefined && operation === undefined) {
    throw new AtmosError('--release or --operation is required', {
      kind: 'invalid',
      code: 'usage',
      hint: `a release: atmos-deployment approve ${name} --target ${target} --release <id>; or --operation destroy, unlock or state`,
    });
  }
  await inWorkspace(globals, async (workspace) => {
    if (operation !== undefined) {
      const record = await approveOperation(workspace, name, target, operation);
      await print(
        globals.format,
        record,
        () => `✔ ${record.by.email} approved one ${operation} of ${name}/${target} (valid until the target changes)`,
      );
      return;
    }
    const record = await approve(workspace, { deployment: name, target }, release ?? '');
    await print(globals.format, record, () => `${record.by.email} approved release ${release ?? ''} of ${name} for ${target}`);
  });
}
