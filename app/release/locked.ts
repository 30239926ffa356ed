import { AtmosError, isObject, type TargetRef } from '../../engine/index.ts';
import type { Release } from '../../releases/index.ts';
import type { Work } from '../../tracking/index.ts';
import { headCommit, revisionAt, scopeAt } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { loadRelease } from './stored.ts';

/** What is to be done, and to what. */
export interface LockSubject extends TargetRef {
  /** The releases that each component is applied, or destroyed, with. */
  readonly subjects: ReadonlyMap<string, Release>;
  readonly declared: ReadonlySet<string>;
  /** Components whose stacks say so, also where they are disabled. */
  readonly locked: readonly string[];
}

/**
 * `metadata.locked: true` keeps a component as it is. Of what is applied the release says it; of what is destroyed whoever asks for that knows what is
 * declared now, and for what is not declared any more the last release says it that declared it, or the one that it was applied with.
 * @throws AtmosError `component-locked`
 */
export async function refuseLocked(workspace: Workspace, work: Work, subject: LockSubject): Promise<void> {
  const found: string[] = [];
  for (const [address, operation] of work) {
    if (operation !== 'apply' && subject.declared.has(address)) continue;
    const isSaid = isLockedIn(subject.subjects.get(address), address) || subject.locked.includes(address);
    if (isSaid || (operation !== 'apply' && (await wasLocked(workspace, subject, address)))) found.push(address);
  }
  refuse(found);
}

/** The components of a release that are locked. */
export function lockedIn(release: Release): readonly string[] {
  return Object.keys(release.config.components).filter((address) => isLockedIn(release, address));
}

function isLockedIn(release: Release | undefined, address: string): boolean {
  return release?.config.components[address]?.settings.locked === true;
}

/** Whether the last release that declared a component had it locked: it may have been locked since it was applied. */
async function wasLocked(workspace: Workspace, { deployment, target }: LockSubject, address: string): Promise<boolean> {
  const { ledger } = await workspace.tracking();
  const records = await ledger.history({ deployment, target });
  const last = records.find(({ kind, components }) => OF_RELEASES.has(kind) && (components[address]?.action ?? 'orphaned') !== 'orphaned');
  if (last?.release == null) return false;
  return isLockedIn(await loadRelease(workspace, last.release), address);
}

const OF_RELEASES: ReadonlySet<string> = new Set(['rollout', 'promotion', 'rollback']);

/** @throws AtmosError `component-locked` */
export function refuseLockedNow(locked: readonly string[], addresses: readonly string[]): void {
  refuse(addresses.filter((address) => locked.includes(address)));
}

/** What a commit declares of a target, and what of that is locked. */
export interface DeclaredNow {
  readonly declared: ReadonlySet<string>;
  readonly locked: readonly string[];
}

/** As the commit that is checked out has it; nothing where it does not declare the target any more. */
export async function declaredNow(workspace: Workspace, { deployment, target }: TargetRef): Promise<DeclaredNow> {
  const { repository } = await workspace.tracking();
  try {
    const { components } = await scopeAt(workspace, await revisionAt(workspace, await headCommit(repository)), { deployment, target });
    const locked = Object.values(components).filter(({ sections: { metadata } }) => isObject(metadata) && metadata.locked === true);
    return { declared: new Set(Object.keys(components)), locked: locked.map(({ address }) => address) };
  } catch (error) {
    if (error instanceof AtmosError && (error.code === 'unknown-deployment' || error.code === 'unknown-target'))
      return { declared: new Set(), locked: [] };
    throw error;
  }
}

function refuse(locked: readonly string[]): void {
  if (locked.length === 0) return;
  throw new AtmosError(
    `${locked.join(', ')} ${locked.length === 1 ? 'is' : 'are'} locked (metadata.locked), and would be changed or destroyed`,
    {
      kind: 'refused',
      code: 'component-locked',
      hint: 'set metadata.locked: false, commit, and roll out (if the component was removed from the deployment file, add it back first)',
    },
  );
}
