import { AtmosError, type TargetRef } from '../engine/index.ts';
import { type Difference, diffReleases, type Release } from '../releases/index.ts';
import { makeRelease } from './release/release.ts';
import { findRelease, loadRelease } from './release/stored.ts';
import type { RunSettings } from './runs/session.ts';
import { statusOfDeployment } from './target/status.ts';
import { nothingDeployed } from './workspace/nothing-deployed.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface Comparison {
  readonly before: Release['digest'];
  readonly after: Release['digest'];
  readonly differences: readonly Difference[];
}

/**
 * What differs from one release to another. Each is named by a target of the deployment (what it runs), a release, or a commit (what it would be
 * for `target`, which is asked then only).
 * @throws AtmosError `nothing-deployed`, `no-release`
 */
export async function compare(
  workspace: Workspace,
  { deployment, target }: { readonly deployment: string; readonly target: () => Promise<string> },
  names: readonly [string, string],
  settings: RunSettings,
): Promise<Comparison> {
  const targets = await targetsOf(workspace, deployment);
  const find = async (name: string): Promise<Release> => {
    if (targets.includes(name)) return runningIn(workspace, { deployment, target: name });
    const digest = await findRelease(workspace, name).catch((error: unknown) => {
      if (error instanceof AtmosError && error.code === 'no-release') return undefined;
      throw error;
    });
    if (digest !== undefined) return loadRelease(workspace, digest);
    const commit = await (await workspace.tracking()).repository.resolveCommit(name);
    const made = await makeRelease(
      workspace,
      { deployment, target: await target(), allowDirty: false, promoted: undefined, commit },
      settings,
    );
    await made.session.close();
    return made.release;
  };
  const [before, after] = [await find(names[0]), await find(names[1])];
  return { before: before.digest, after: after.digest, differences: await diffReleases(before, after, workspace.store) };
}

/** The targets that a file declares, and those that only the ledger knows. */
async function targetsOf(workspace: Workspace, deployment: string): Promise<readonly string[]> {
  const { targets } = await statusOfDeployment(workspace, deployment);
  return targets.map(({ state }) => state.target);
}

async function runningIn(workspace: Workspace, { deployment, target }: TargetRef): Promise<Release> {
  const { ledger } = await workspace.tracking();
  const state = await ledger.lastState({ deployment, target });
  if (state.release !== null) return loadRelease(workspace, state.release);
  throw nothingDeployed({ deployment, target });
}
