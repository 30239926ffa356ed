import { releasesOf } from '../../app/index.ts';
import { shortId } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function releases(globals: Globals, name: string | undefined): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const found = await releasesOf(workspace, name);
    const shown = found.releases
      .map(({ digest, config: { deployment, target, commit, dirty, promotedFrom } }) => ({
        digest,
        id: shortId(digest),
        deployment,
        target,
        commit,
        dirty,
        promotedFrom,
      }))
      .sort((a, b) => `${a.deployment} ${a.target} ${a.id}`.localeCompare(`${b.deployment} ${b.target} ${b.id}`, 'en'));
    await print(globals.format, { releases: shown }, () =>
      shown.length === 0
        ? found.isWhole
          ? 'there are no releases yet'
          : 'there are no releases that can be read'
        : table([
            ['RELEASE', 'DEPLOYMENT', 'TARGET', 'COMMIT', 'FROM'],
            ...shown.map(({ id, deployment, target, commit, dirty, promotedFrom }) => [
              id,
              deployment,
              target,
              `${commit.slice(0, 7)}${dirty ? '+' : ''}`,
              promotedFrom === null ? '' : shortId(promotedFrom),
            ]),
          ]),
    );
  });
}
