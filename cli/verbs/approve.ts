import { approve } from '../../deploy/index.ts';
import { type Globals, print } from '../globals.ts';
import { inWorkspace } from '../settings.ts';

export async function approveVerb(
  globals: Globals,
  name: string,
  { target, release }: { readonly target: string; readonly release: string },
): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const record = await approve(workspace, name, target, release);
    await print(globals.format, record, () => `${record.by.email} approved release ${release} of ${name} for ${target}`);
  });
}
