import { publishTracking } from '../../app/index.ts';
import { type Globals, print } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function pushTracking(globals: Globals): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { remote, refs } = await publishTracking(workspace);
    await print(globals.format, { remote, refs }, () =>
      refs.length === 0
        ? `${remote} has all records of this clone`
        : [`brought to ${remote}:`, ...refs.map((ref) => `  ${ref}`)].join('\n'),
    );
  });
}
