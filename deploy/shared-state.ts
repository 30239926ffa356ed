import { hasWorkspaces } from '../config/index.ts';
import { AtmosError } from '../engine/index.ts';
import type { Instance, Instances } from '../phases/index.ts';
import type { StateLocation, TargetState } from '../tracking/index.ts';
import type { Workspace } from './workspace.ts';

/**
 * Refuses to apply a component for the first time where its state would be one that another component has, of this target or another: what that one
 * runs would be taken for its own. Other targets are asked for only then, and by their ledgers: their files are none of this target's business.
 * @throws AtmosError `shared-state`, `remote-unreachable`
 */
export async function refuseShared(workspace: Workspace, state: TargetState, instances: Instances): Promise<void> {
  const fresh = Object.values(instances).filter(({ address, component }) => {
    return state.components[address] === undefined && component.settings.backend_type !== 'local';
  });
  for (const [index, one] of fresh.entries()) {
    const other = fresh.slice(0, index).find(({ component, trees }) => {
      const { backend_type: backend, workspace } = component.settings;
      return isSame(one, { backend: String(backend), config: trees.backend, workspace: String(workspace) });
    });
    if (other !== undefined) throw shared(one.address, state.target, `${other.address} of ${state.target}`);
  }
  if (fresh.length === 0) return;
  const { ledger } = await workspace.tracking();
  const others = (await ledger.states(state.deployment, [])).filter(({ target }) => target !== state.target);
  for (const instance of fresh) {
    for (const { target, components } of [state, ...others]) {
      const [address] = Object.entries(components).find(([, known]) => known.state !== null && isSame(instance, known.state)) ?? [];
      if (address !== undefined) throw shared(instance.address, state.target, `${address} of ${target}`);
    }
  }
}

function isSame(
  { component, trees }: Instance,
  { backend, config, workspace }: Pick<StateLocation, 'backend' | 'config' | 'workspace'>,
): boolean {
  const { backend_type: type, workspace: own } = component.settings;
  return backend === type && config === trees.backend && (workspace === own || !hasWorkspaces(backend));
}

function shared(address: string, target: string, other: string): AtmosError {
  return new AtmosError(`${address} of ${target} would have the state of ${other}: backend, key and workspace are the same`, {
    kind: 'refused',
    code: 'shared-state',
    hint: 'give each its own: with the target in the key, prefix, address or workspace of its backend',
  });
}
