import { AtmosError, type Digest, shortId } from '../../engine/index.ts';
import { type Difference, diffReleases, type Release } from '../../releases/index.ts';
import type { RunSettings } from '../runs/session.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { makeRelease } from './release.ts';
import { loadRelease } from './stored.ts';

export interface Reproduced {
  readonly release: Digest;
  /** What was made now; the same where it was reproduced. */
  readonly made: Digest;
  readonly components: number;
  readonly files: number;
  /** Empty where it was reproduced. */
  readonly differences: readonly Difference[];
  /** What the commit does not decide, and was asked for: it may be why. */
  readonly impure: readonly string[];
}

/**
 * Makes a release again: from its source commit, its pins, and, where it was promoted, from what it was promoted from, made again too. Nothing that
 * was cached counts, and nothing is recorded.
 * @throws AtmosError `dirty-release` for one that holds what no commit has
 */
export async function reproduce(workspace: Workspace, digest: Digest, settings: RunSettings): Promise<Reproduced> {
  const release = await loadRelease(workspace, digest);
  const made = await remake(workspace, release, { ...settings, noCache: true });
  const files = await Promise.all(Object.values(release.layers).map(async (layer) => (await workspace.store.tree(layer)).entries.length));
  const differences = made.digest === digest ? [] : await differencesOf(workspace, release, made);
  return {
    release: digest,
    made: made.digest,
    components: Object.keys(release.layers).length,
    files: files.reduce((sum, count) => sum + count, 0),
    differences,
    impure: Object.keys(release.config.impure ?? {}),
  };
}

/** The release of the same commit, made again; nothing is recorded. @throws AtmosError `dirty-release` */
export async function remake(workspace: Workspace, release: Release, settings: RunSettings): Promise<Release> {
  const { deployment, target, commit, dirty, promotedFrom } = release.config;
  if (dirty) {
    throw new AtmosError(`release ${shortId(release.digest)} was built from uncommitted changes and cannot be reproduced`, {
      kind: 'failed',
      code: 'dirty-release',
      hint: 'roll out what is committed',
    });
  }
  const promoted = promotedFrom === null ? undefined : await remake(workspace, await loadRelease(workspace, promotedFrom), settings);
  const made = await makeRelease(workspace, { deployment, target, allowDirty: false, promoted, commit }, settings);
  await made.session.close();
  return made.release;
}

/** Per file; where all files are the same, what else the releases say of themselves. */
async function differencesOf({ store }: Workspace, before: Release, after: Release): Promise<readonly Difference[]> {
  const files = await diffReleases(before, after, store);
  if (files.length > 0) return files;
  return Object.keys(before.config).flatMap((key) => {
    const [x, y] = [before, after].map(({ config }) => JSON.stringify(config[key as keyof typeof config]));
    return x === y ? [] : [{ component: 'release', what: key, before: x ?? null, after: y ?? null }];
  });
}
