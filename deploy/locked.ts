import { AtmosError, isObject } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';
import type { Work } from '../tracking/index.ts';
import { headCommit, revisionAt, scopeAt } from './revision.ts';
import type { Workspace } from './workspace.ts';

/**
 * `metadata.locked: true` keeps a component as it is. Of what is applied the release says it; of what is destroyed whoever asks for that knows what is
 * declared now, and for what is not declared any more the release says it that it was applied with.
 * @throws AtmosError `component-locked`
 */
export function refuseLocked(work: Work, subjects: ReadonlyMap<string, Release>, declared: ReadonlySet<string>): void {
  const isLocked = (address: string): boolean => subjects.get(address)?.config.components[address]?.settings.locked === true;
  refuse(
    [...work].flatMap(([address, operation]) => ((operation === 'apply' || !declared.has(address)) && isLocked(address) ? [address] : [])),
  );
}

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
export async function declaredNow(workspace: Workspace, deployment: string, target: string): Promise<DeclaredNow> {
  const { repository } = await workspace.tracking();
  try {
    const { components } = await scopeAt(workspace, await revisionAt(workspace, await headCommit(repository)), deployment, target);
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
      hint: 'set metadata.locked to false and commit (for what is no longer declared: declare it so, and roll it out with --component)',
    },
  );
}
