import { listDeployments } from '../../config/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function list(globals: Globals): Promise<void> {
  await inWorkspace(globals, async ({ files, project, cache }) => {
    const deployments = await listDeployments(files, project, cache);
    await print(globals.format, { deployments }, () =>
      deployments.length === 0
        ? `there are no deployments in ${project.deployments.basePath}/`
        : table([
            ['DEPLOYMENT', 'TARGETS', 'LABELS', 'FILE'],
            ...deployments.map(({ name, file, targets, labels }) => [
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
