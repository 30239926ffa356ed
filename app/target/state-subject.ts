import { isBusy } from '../../containers/index.ts';
import { AtmosError, type TargetRef } from '../../engine/index.ts';
import type { ComponentState, Lock, StateLocation } from '../../tracking/index.ts';
import { rescuedState, stateDirectory } from '../states/state-file.ts';
import { addressOf } from '../workspace/address.ts';
import { append } from '../workspace/append.ts';
import { nothingDeployed } from '../workspace/nothing-deployed.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { approvalOf } from './approve.ts';
import { newRecord } from './record.ts';
import { requireTarget } from './status.ts';
import { untouched } from './untouched.ts';

/** A component's Terraform state. */
export interface StateRequest extends TargetRef {
  /** Its address, or a name that only one component has. */
  readonly component: string;
}

export interface StateSubject {
  readonly address: string;
  readonly known: ComponentState;
  /** Where the rescued state lies, if there is one. */
  readonly rescued: string;
}

/** Does something to a component's state while nobody else deploys its target, and with the approval it needs. @throws AtmosError `locked`, `under-way`, `not-approved` */
export async function underLock<T>(
  workspace: Workspace,
  { deployment, target }: StateRequest,
  work: (lock: Lock) => Promise<T>,
  operation: 'state' | 'unlock' = 'state',
): Promise<T> {
  const { repository, locks, ledger } = await workspace.tracking();
  const checkApproval = await approvalOf(workspace, deployment, target, operation);
  // Before anything is waited for.
  if (checkApproval !== undefined) checkApproval(await ledger.state({ deployment, target }));
  // A lock of a killed command of this clone is had at once, though what that had begun may still run: it stays, and keeps others away.
  const isHeld = (await locks.holder({ deployment, target })) !== undefined;
  if (!isHeld && (await isBusy(workspace.runsRoot, `${deployment}/${target}`))) throw stillRuns({ deployment, target });
  const lock = await locks.acquire({ deployment, target }, await repository.identity());
  try {
    if (checkApproval !== undefined) checkApproval(await ledger.state({ deployment, target }));
    return await work(lock);
  } finally {
    await lock.release();
  }
}

/** Says what became of a component's state, so that every clone knows. `moved` is where it is now; it stays where it is where that is absent. */
export async function recordState(
  workspace: Workspace,
  { deployment, target }: StateRequest,
  address: string,
  action: 'state-pushed' | 'state-discarded' | 'state-imported' | 'forgotten',
  moved: Partial<StateLocation> = {},
): Promise<void> {
  const { repository } = await workspace.tracking();
  const by = await repository.identity();
  await append(workspace, deployment, target, ({ components, release, commit }) => {
    const known = components[address];
    const { rescued: _, ...location } = known?.state ?? { rescued: undefined };
    const state = known?.state == null ? null : ({ ...location, ...moved } as StateLocation);
    const own = known === undefined ? {} : { [address]: { ...untouched(action, known.release, known), state } };
    return { record: newRecord({ kind: 'state', deployment, target, release, commit, dirty: false, by }, { components: own }) };
  });
}

/** What the ledger knows of the component that is meant. @throws AtmosError `nothing-deployed`, `unknown-target`, `unknown-component` */
export async function subjectOf(workspace: Workspace, { deployment, target, component }: StateRequest): Promise<StateSubject> {
  const { ledger } = await workspace.tracking();
  const state = await ledger.state({ deployment, target });
  if (Object.keys(state.components).length === 0) {
    await requireTarget(workspace, { deployment, target });
    throw nothingDeployed({ deployment, target });
  }
  const address = addressOf(component, Object.keys(state.components));
  const known = state.components[address] as ComponentState;
  return { address, known, rescued: rescuedState(workspace, stateDirectory({ deployment, target }, address)) };
}

function stillRuns({ deployment, target }: TargetRef): AtmosError {
  return new AtmosError(`operations of an earlier command may still be running in ${deployment}/${target}`, {
    kind: 'refused',
    code: 'under-way',
    hint: `wait for it, and record how it ended: atmos-deployment rollout ${deployment} --target ${target}`,
  });
}
