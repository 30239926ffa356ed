import { findRelease, reproduce, warn } from '../../app/index.ts';
import { AtmosError, shortId } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { events } from '../command/events.ts';
import { inWorkspace, type RunFlags, runSettings } from '../command/settings.ts';
import { differenceRow } from './diff.ts';

export async function reproduceVerb(globals: Globals & RunFlags, id: string): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const answer = await reproduce(workspace, await findRelease(workspace, id), runSettings(globals, globals, workspace));
    const { differences, components, files, release, made } = answer;
    await print(globals.format, answer, () =>
      differences.length === 0
        ? `✔ release ${shortId(release)} reproduced: ${components} components, ${files} files, byte for byte`
        : table(differences.map(differenceRow)),
    );
    if (differences.length === 0) return;
    const error = new AtmosError(`release ${shortId(release)} could not be reproduced: its commit and pins now produce ${shortId(made)}`, {
      kind: 'failed',
      code: 'not-reproduced',
      hint:
        answer.impure.length === 0
          ? 'what differs is listed above, file by file'
          : `what differs is listed above, file by file; not decided by the commit: ${answer.impure.join(', ')}`,
    });
    if (globals.format === 'table') throw error;
    warn(events, error);
    process.exitCode = 1;
  });
}
