import { deployments } from '../../app/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function list(globals: Globals): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const all = await deployments(workspace);
    await print(globals.format, { deployments: all }, () =>
      all.length === 0
        ? `there are no deployments in ${workspace.project.deployments.basePath}/`
        : table([
            ['DEPLOYMENT', 'TARGETS', 'LABELS', 'FILE'],
            ...all.map(({ name, file, targets, labels }) => [
              name,
              targets.join(' '),
              Object.entries(labels)
                .map(([key, value]) => `${key}=${value}`)
                .join(' '),
              file,
            ]),
          ]),
    );
  });
}
