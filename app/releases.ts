import { AtmosError } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';
import { listReleases, loadRelease } from './release/stored.ts';
import type { Workspace } from './workspace/workspace.ts';

/** The releases of a deployment, or all; one that is damaged is a warning, and `isWhole` says that there is none. */
export async function releasesOf(
  workspace: Workspace,
  deployment: string | undefined,
): Promise<{ readonly releases: readonly Release[]; readonly isWhole: boolean }> {
  const loaded = await Promise.all(
    (await listReleases(workspace)).map((digest) =>
      loadRelease(workspace, digest).catch((error: unknown) => {
        if (!(error instanceof AtmosError)) throw error;
        workspace.warn(error.message);
        return undefined;
      }),
    ),
  );
  const found = loaded.filter((release) => release !== undefined);
  return {
    releases: found.filter(({ config }) => deployment === undefined || config.deployment === deployment),
    isWhole: found.length === loaded.length,
  };
}
