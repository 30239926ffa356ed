import { isKnownPlace, isSamePlace } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';
import type { Instances, StatePlace } from '../../phases/index.ts';
import type { StateLocation, TargetState } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { isSameState } from './local-state.ts';

/**
 * Refuses to apply a component for the first time where its state would be one that another component has, of this target or another, of whatever deployment: what that one
 * runs would be taken for its own. Other targets and deployments are asked for only then, and by their ledgers: their files are none of this target's
 * business.
 * @throws AtmosError `shared-state`, `remote-unreachable`
 */
export async function refuseShared(workspace: Workspace, state: TargetState, instances: Instances): Promise<void> {
  const fresh = Object.values(instances).flatMap(({ address, state: own }) =>
    state.components[address] !== undefined || own === undefined || own.backend === 'local' ? [] : [{ address, own }],
  );
  for (const [index, one] of fresh.entries()) {
    const other = fresh.slice(0, index).find(({ own }) => isOne(own.place, one.own.place));
    if (other !== undefined) throw shared(one, state, `${other.address} of ${state.target}`);
  }
  if (fresh.length === 0) return;
  const { ledger } = await workspace.tracking();
  const others = (await ledger.allStates()).filter(({ deployment, target }) => deployment !== state.deployment || target !== state.target);
  for (const one of fresh) {
    // The secret that names it is missing: that is told next.
    if (one.own.place !== undefined && !isKnownPlace(one.own.place)) continue;
    for (const { deployment, target, components } of [state, ...others]) {
      const [address] =
        Object.entries(components).find(([, known]) => known.state !== null && isKnown(known.state) && isSameState(one.own, known.state)) ??
        [];
      const name = deployment === state.deployment ? target : `${deployment}/${target}`;
      if (address !== undefined) throw shared(one, state, `${address} of ${name}`);
    }
  }
}

interface Named {
  readonly address: string;
  readonly own: StatePlace;
}

function isOne(place: string | undefined, other: string | undefined): boolean {
  return place !== undefined && other !== undefined && isKnownPlace(place) && isSamePlace(place, other);
}

/** Of a place that a secret names whose value was not at hand nothing can be said. */
function isKnown({ place }: StateLocation): boolean {
  return place === undefined || isKnownPlace(place);
}

function shared({ address, own }: Named, { target }: TargetState, other: string): AtmosError {
  return new AtmosError(`${address} of ${target} and ${other} would share one state: ${own.place}`, {
    kind: 'refused',
    code: 'shared-state',
    hint: 'use a separate state per target: include the target in the key, prefix, address or workspace of the backend',
  });
}
