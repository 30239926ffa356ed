import { isKnownPlace, isSamePlace } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import type { Instance, Instances } from '../phases/index.ts';
import type { StateLocation, TargetState } from '../tracking/index.ts';
import { isSameState } from './local-state.ts';
import type { Workspace } from './workspace.ts';

/**
 * Refuses to apply a component for the first time where its state would be one that another component has, of this target or another, of whatever deployment: what that one
 * runs would be taken for its own. Other targets and deployments are asked for only then, and by their ledgers: their files are none of this target's
 * business.
 * @throws AtmosError `shared-state`, `remote-unreachable`
 */
export async function refuseShared(workspace: Workspace, state: TargetState, instances: Instances): Promise<void> {
  const fresh = Object.values(instances).filter(({ address, component }) => {
    return state.components[address] === undefined && component.settings.backend_type !== 'local';
  });
  for (const [index, one] of fresh.entries()) {
    const other = fresh.slice(0, index).find(({ statePlace }) => isOne(statePlace, one.statePlace));
    if (other !== undefined) throw shared(one, state, `${other.address} of ${state.target}`);
  }
  if (fresh.length === 0) return;
  const { ledger } = await workspace.tracking();
  const others = (await ledger.allStates()).filter(({ deployment, target }) => deployment !== state.deployment || target !== state.target);
  for (const instance of fresh) {
    // The secret that names it is missing: that is told next.
    if (instance.statePlace !== undefined && !isKnownPlace(instance.statePlace)) continue;
    for (const { deployment, target, components } of [state, ...others]) {
      const [address] =
        Object.entries(components).find(
          ([, known]) => known.state !== null && isKnown(known.state) && isSameState(instance, known.state),
        ) ?? [];
      const name = deployment === state.deployment ? target : `${deployment}/${target}`;
      if (address !== undefined) throw shared(instance, state, `${address} of ${name}`);
    }
  }
}

function isOne(place: string | undefined, other: string | undefined): boolean {
  return place !== undefined && other !== undefined && isKnownPlace(place) && isSamePlace(place, other);
}

/** Of a place that a secret names whose value was not at hand nothing can be said. */
function isKnown({ place }: StateLocation): boolean {
  return place === undefined || isKnownPlace(place);
}

function shared({ address, statePlace }: Instance, { target }: TargetState, other: string): AtmosError {
  return new AtmosError(`${address} of ${target} would have the state of ${other}: ${statePlace}`, {
    kind: 'refused',
    code: 'shared-state',
    hint: 'give each its own: with the target in the key, prefix, address or workspace of its backend',
  });
}
