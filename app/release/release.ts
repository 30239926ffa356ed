import { join } from 'node:path/posix';
import { checkScope, kindErrors, type Scope } from '../../config/index.ts';
import { AtmosError, asOne, type Digest, jsonDigest, outputOf, type Results, type TargetRef } from '../../engine/index.ts';
import { SPECS } from '../../kinds/index.ts';
import { type ExpansionInputs, expandRelease, releaseParts, type TakenOver, takeOver } from '../../phases/index.ts';
import { assembleRelease, type Release } from '../../releases/index.ts';
import { gather } from '../runs/gather.ts';
import { lockPath } from '../runs/images.ts';
import type { RunSettings, Session } from '../runs/session.ts';
import { failureOf } from '../workspace/failure.ts';
import { examineWith } from '../workspace/kinds.ts';
import type { Revision } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Initialized } from './instances.ts';
import { environmentDigests, keepKnown, providersDigest } from './known-release.ts';
import { wantedOf } from './wanted.ts';

/** What a release is to be made of. */
export interface ReleaseRequest extends TargetRef {
  /** Take the working tree where it differs from its commit; else that is refused. */
  readonly allowDirty: boolean;
  /** Take over sources, locks and images of what another target runs; that release's commit is the one that counts. */
  readonly promoted: Release | undefined;
  /** A commit other than the one that is checked out. */
  readonly commit?: string;
}

/** A release with the scope that it was made from. Whoever is given one closes its session. */
export interface MadeRelease {
  readonly release: Release;
  readonly scope: Scope;
  readonly session: Session;
  readonly initialized: Initialized;
}

/**
 * Makes a release: resolves, reads sources, runs the nodes that make its layers. Nothing is recorded.
 * @throws AtmosError `dirty-tree`, `no-commit`, what is wrong in the configuration, a node's failure
 */
export async function makeRelease(workspace: Workspace, request: ReleaseRequest, settings: RunSettings): Promise<MadeRelease> {
  const { deployment, target, promoted, allowDirty } = request;
  const commit = promoted?.config.commit ?? request.commit;
  const at = commit !== undefined ? { commit } : allowDirty ? 'worktree' : 'head';
  const { revision, scope, inputs, session } = await gather(workspace, { deployment, target, at }, settings, async (found, resolved) => {
    // What was made once is made again, whatever is refused since.
    if (request.commit === undefined) await refuseProblems(workspace, found, resolved);
  });
  try {
    const dirty = commit === undefined ? dirtyPaths(workspace, scope, inputs.directories) : Promise.resolve([]);
    dirty.catch(() => undefined);
    // Where it is only noted, Git looks while the nodes run.
    if (!allowDirty) refuseDirty(deployment, await dirty);
    const { store } = workspace;
    const kinds = await workspace.kinds.load();
    const taken: Readonly<Record<string, TakenOver>> = promoted === undefined ? {} : await takeOver(kinds, promoted, store);
    const results = await session.run('release', expandRelease(kinds, scope, inputs, taken, { isChecked: request.commit === undefined }));
    const failure = await failureOf(results, workspace, scope);
    if (failure !== undefined) throw failure;
    if (settings.cancellation.interrupt.aborted) {
      throw new AtmosError('stopped while the release was made', {
        kind: 'interrupted',
        code: 'interrupted',
        hint: 'rerun: what was done is in the cache',
      });
    }
    const parts = await releaseParts(kinds, scope, inputs, results, store, taken);
    const release = assembleRelease(
      {
        deployment,
        target,
        commit: revision.commit,
        dirty: (await dirty).length > 0,
        promotedFrom: promoted?.digest ?? null,
        images: inputs.images,
        secrets: scope.secrets,
        ...(scope.reads === undefined ? {} : { reads: scope.reads }),
        ...(Object.keys(scope.impure).length === 0 ? {} : { impure: scope.impure }),
      },
      parts,
    );
    if (at === 'head' && release.config.impure === undefined) await keepIfPure(workspace, revision, release, scope, inputs);
    return { release, scope, session, initialized: initializedIn(release, results) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** What would stop a rollout half-way is told before anything runs. @throws AtmosError `not-supported`, what `checkScope` finds */
async function refuseProblems({ cache, kinds, warn }: Workspace, { files }: Revision, scope: Scope): Promise<void> {
  const { disabled = [] } = scope;
  if (disabled.length > 0) warn(`skipped, since metadata.enabled is false: ${disabled.join(', ')}`);
  const found = await checkScope(scope, { files, cache });
  for (const warning of found.warnings) warn(warning);
  const errors = asOne(found.errors.length > 0 ? found.errors : await kindErrors(scope, examineWith(kinds)));
  if (errors !== undefined) throw errors;
}

/** What `init` made on the way, for those whose nodes ran: a promotion takes lock files over, and initializes anew. */
function initializedIn({ config }: Release, results: Results): Initialized {
  const found = Object.keys(config.components).map((address) => [address, outputOf(results, `${address}/init`, 'data')] as const);
  return Object.fromEntries(found.flatMap(([address, data]) => (data === undefined ? [] : [[address, data]])));
}

/** Keeps what the commit made, where nothing but the commit and the environment decided it. */
async function keepIfPure(
  workspace: Workspace,
  revision: Revision,
  release: Release,
  scope: Scope,
  inputs: ExpansionInputs,
): Promise<void> {
  const modules = Object.values(inputs.sources).flatMap(({ module }) => module ?? []);
  const unlocked = modules.filter(({ providers, isLocked }) => providers !== undefined && !isLocked);
  // What is in node_modules is no part of a commit.
  if (Object.values(scope.components).some(({ kind }) => !Object.hasOwn(SPECS, kind))) return;
  // What a registry has today decides a lock file that the commit does not have.
  if (unlocked.some(({ providers }) => typeof providers === 'object')) return;
  const names = [...new Set(unlocked.flatMap(({ providerNames }) => providerNames))].sort();
  await keepKnown(workspace, revision.commit, scope.deployment, scope.target, {
    release: release.digest,
    wanted: wantedOf(await workspace.kinds.load(), release),
    paths: pathsIn(workspace, scope, inputs.directories),
    env: environmentDigests(revision.environment),
    prune: scope.prune,
    providers: { names, digest: await providersDigest(workspace, names) },
  });
}

async function dirtyPaths(workspace: Workspace, scope: Scope, directories: readonly string[]): Promise<readonly string[]> {
  const { repository, prefix } = await workspace.tracking();
  const paths = pathsIn(workspace, scope, directories);
  return repository.dirtyPaths(paths.map((path) => join(prefix, path)));
}

/** All that a release is made of. */
function pathsIn(workspace: Workspace, scope: Scope, directories: readonly string[]): readonly string[] {
  return [...scope.files, lockPath(workspace, scope.deployment), ...directories];
}

function refuseDirty(deployment: string, dirty: readonly string[]): void {
  if (dirty.length === 0) return;
  const shown = dirty.slice(0, 5).join(', ');
  throw new AtmosError(`${deployment} has uncommitted changes: ${shown}${dirty.length > 5 ? ', …' : ''}`, {
    kind: 'refused',
    code: 'dirty-tree',
    hint: 'commit them, or deploy them as they are: --allow-dirty',
  });
}

/** The digest of what a promotion takes along: sources, locks and images of all components. */
export function artifactsOf(release: Release): Digest {
  return jsonDigest(Object.fromEntries(Object.entries(release.config.components).map(([address, { artifact }]) => [address, artifact])));
}
