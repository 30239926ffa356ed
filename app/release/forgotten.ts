import { AtmosError, shortId } from '../../engine/index.ts';
import type { Release } from '../../releases/index.ts';
import type { TargetState } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { hasRollout } from './instances.ts';
import { loadRelease } from './stored.ts';

/**
 * Refuses a release that has nothing to roll out of a component which was rolled out: it would count as done, and what was made would be destroyed by nobody.
 * @throws AtmosError `rollout-gone`
 */
export async function refuseForgotten(workspace: Workspace, release: Release, state: TargetState): Promise<void> {
  const kinds = await workspace.kinds.load();
  for (const [address, known] of Object.entries(state.components)) {
    const component = release.config.components[address];
    if (component === undefined || hasRollout(kinds, address, component)) continue;
    const before = (await loadRelease(workspace, known.release)).config.components[address];
    if (before === undefined || !hasRollout(kinds, address, before)) continue;
    const { deployment, target } = state;
    throw new AtmosError(
      `${address} was rolled out by release ${shortId(known.release)}, and has nothing to roll out or destroy any more`,
      {
        kind: 'refused',
        code: 'rollout-gone',
        hint: `what it made would stay: destroy it first (atmos-deployment destroy ${deployment} --target ${target} --component ${address}), or restore its commands`,
      },
    );
  }
}
