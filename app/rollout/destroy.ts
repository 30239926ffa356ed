import { AtmosError, type TargetRef } from '../../engine/index.ts';
import { dependentsOf, destroyWork, ledgerRef, lockRef, type TargetState } from '../../tracking/index.ts';
import { declaredNow, refuseLockedNow } from '../release/locked.ts';
import { readLock } from '../runs/images.ts';
import { type RunSettings, Session } from '../runs/session.ts';
import { approvalOf } from '../target/approve.ts';
import { recordEarlier } from '../target/unrecorded.ts';
import { addressOf } from '../workspace/address.ts';
import { nothingDeployed } from '../workspace/nothing-deployed.ts';
import { headCommit, revisionAt } from '../workspace/revision.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { changeTarget } from './change.ts';
import type { Changed } from './target-change.ts';

export interface DestroyRequest extends TargetRef {
  /** This component alone, declared or not. */
  readonly component: string | undefined;
}

/**
 * Takes down what a target runs, each component with the release that it was last applied with, dependents first, and records it. What was
 * interrupted, failed, or is no longer declared goes too.
 * @throws AtmosError `nothing-deployed`, `locked`, `unknown-component`, `still-needed`
 */
export async function destroy(workspace: Workspace, request: DestroyRequest, settings: RunSettings): Promise<Changed> {
  const { deployment, target } = request;
  await recordEarlier(workspace, { deployment, target });
  const { repository, refs, ledger } = await workspace.tracking();
  const by = await repository.identity();
  const ids = await refs.read([ledgerRef({ deployment, target }), lockRef({ deployment, target })]);
  const state = await ledger.stateIn({ deployment, target }, ids);
  const running = Object.keys(state.components);
  if (running.length === 0) {
    // The last command may have been killed when all was done but this.
    workspace.store.sweep();
    throw nothingDeployed({ deployment, target });
  }
  const component = request.component === undefined ? undefined : addressOf(request.component, running);
  const checkApproval = await approvalOf(workspace, deployment, target, 'destroy');
  checkApproval?.(state);
  const { files } = await revisionAt(workspace, await headCommit(repository));
  const { declared, locked } = await declaredNow(workspace, { deployment, target });
  const session = new Session(workspace, await readLock(workspace, files, deployment), settings);
  try {
    return await changeTarget(
      workspace,
      {
        kind: 'destroy',
        deployment,
        target,
        release: undefined,
        promotedFrom: null,
        by,
        ids,
        state,
        scope: undefined,
        initialized: {},
        declared,
        check: (now) => {
          checkApproval?.(now);
          refuseNeeded(now, component);
          refuseLockedNow(locked, [...destroyWork(now, component).keys()]);
        },
        work: (now) => destroyWork(now, component),
        isDone: (now) => Object.keys(now.components).length === 0,
        answerWhenDone: () => {
          throw nothingDeployed({ deployment, target });
        },
      },
      session,
      settings,
    );
  } finally {
    await session.close();
  }
}

/** What others depend on stays as long as they run, or may run. @throws AtmosError `still-needed` */
function refuseNeeded(state: TargetState, component: string | undefined): void {
  const { deployment, target, components } = state;
  if (component === undefined) return;
  if (components[component] === undefined) throw nothingDeployed({ deployment, target });
  const names = dependentsOf(state, component);
  if (names.length === 0) return;
  throw new AtmosError(
    `${component} can't be destroyed: ${names.join(', ')} ${names.length === 1 ? 'depends' : 'depend'} on it and still ${names.length === 1 ? 'runs' : 'run'}`,
    {
      kind: 'refused',
      code: 'still-needed',
      hint: `destroy ${names.length === 1 ? 'that' : 'those'} first: atmos-deployment destroy ${deployment} --target ${target} --component ${names[0]}`,
    },
  );
}
