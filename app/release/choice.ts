import type { Scope } from '../../config/index.ts';
import { AtmosError, type Digest, shortId } from '../../engine/index.ts';
import type { Release } from '../../releases/index.ts';
import { checkPromotion, checkSource, type LedgerRecord } from '../../tracking/index.ts';
import { readLock } from '../runs/images.ts';
import { type RunSettings, Session } from '../runs/session.ts';
import { headCommit, revisionAt } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Initialized } from './instances.ts';
import { makeRelease } from './release.ts';
import type { ReleaseChoice } from './request.ts';
import type { Situation } from './situation.ts';
import { findRelease, loadRelease } from './stored.ts';

/** The release that a rollout is about. */
export interface SelectedRelease {
  readonly release: Release;
  /** Known when the release was made just now. */
  readonly scope: Scope | undefined;
  readonly promotedFrom: LedgerRecord['promotedFrom'];
  /** True when the user named the release, and it is this target's own. */
  readonly named: boolean;
  /** Whether the deployment file asks for what is no longer declared to be destroyed; only where the release was made just now. */
  readonly prune: boolean;
  readonly session: Session;
  readonly initialized: Initialized;
}

/**
 * Finds or makes the release that is to be rolled out: what another target runs, made this target's own; a release that was named; else one from
 * the commit that is checked out.
 * @throws AtmosError refusals, and what is wrong in making it
 */
export async function chooseRelease(
  workspace: Workspace,
  request: ReleaseChoice,
  situation: Pick<Situation, 'rules' | 'sources' | 'states'>,
  settings: RunSettings,
): Promise<SelectedRelease> {
  const { promoteFrom, release, target, deployment } = request;
  if (promoteFrom !== undefined && release !== undefined) {
    throw new AtmosError('--promote-from and --release cannot be used together', {
      kind: 'invalid',
      code: 'usage',
      hint: 'use only one: --promote-from selects the release that the target currently runs',
    });
  }
  if (promoteFrom === target) {
    throw new AtmosError(`${target} can't be promoted from itself`, { kind: 'invalid', code: 'usage', hint: 'leave --promote-from out' });
  }
  if (promoteFrom !== undefined) {
    const source = situation.states.get(promoteFrom);
    if (source === undefined) throw new TypeError(`no state of ${promoteFrom}`);
    return promote(workspace, request, promoteFrom, checkSource(source, target, situation.rules), settings);
  }
  if (release !== undefined) {
    const found = await loadRelease(workspace, await findRelease(workspace, release));
    refuseOthers(found, deployment);
    if (found.config.target !== target) return promote(workspace, request, found.config.target, found.digest, settings);
    const { repository } = await workspace.tracking();
    const { files } = await revisionAt(workspace, await headCommit(repository));
    const session = new Session(workspace, await readLock(workspace, files, deployment), settings);
    return { release: found, scope: undefined, promotedFrom: null, named: true, prune: false, session, initialized: {} };
  }
  // Where nothing ran that could be taken, nothing need be made to know that it is refused.
  if (situation.sources.every(({ ran }) => ran.length === 0)) {
    checkPromotion({ deployment, target, artifacts: null, dirty: false }, situation.rules, situation.sources);
  }
  const { allowDirty } = request;
  const made = await makeRelease(workspace, { deployment, target, allowDirty, promoted: undefined }, settings);
  return { ...made, promotedFrom: null, named: false, prune: made.scope.prune };
}

/** Makes what another target runs this target's own. */
async function promote(
  workspace: Workspace,
  { deployment, target }: ReleaseChoice,
  from: string,
  digest: Digest,
  settings: RunSettings,
): Promise<SelectedRelease> {
  const promoted = await loadRelease(workspace, digest);
  if (promoted.config.dirty) {
    throw new AtmosError(`release ${shortId(digest)} of ${from} was built from uncommitted changes and can't be promoted`, {
      kind: 'refused',
      code: 'dirty-release',
      hint: `commit them, and roll that out first: atmos-deployment rollout ${deployment} --target ${from}`,
    });
  }
  const made = await makeRelease(workspace, { deployment, target, allowDirty: false, promoted }, settings);
  return { ...made, promotedFrom: { target: from, release: digest }, named: false, prune: made.scope.prune };
}

function refuseOthers({ digest, config }: Release, deployment: string): void {
  if (config.deployment === deployment) return;
  throw new AtmosError(`release ${shortId(digest)} belongs to ${config.deployment}, not ${deployment}`, {
    kind: 'refused',
    code: 'other-deployment',
    hint: `its releases: atmos-deployment releases ${deployment}`,
  });
}
