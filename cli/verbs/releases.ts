import { listReleases, loadRelease } from '../../app/index.ts';
import { AtmosError, shortId } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { inWorkspace } from '../command/settings.ts';

export async function releases(globals: Globals, name: string | undefined): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { refs } = await workspace.tracking();
    const loaded = await Promise.all(
      (await listReleases(refs)).map((digest) =>
        loadRelease(workspace, digest).catch((error: unknown) => {
          // One that is damaged is told, and the others are listed.
          if (!(error instanceof AtmosError)) throw error;
          workspace.warn(error.message);
          return undefined;
        }),
      ),
    );
    const shown = loaded
      .filter((release) => release !== undefined)
      .filter(({ config }) => name === undefined || config.deployment === name)
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
        ? loaded.some((release) => release === undefined)
          ? 'there are no releases that can be read'
          : 'there are no releases yet'
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
