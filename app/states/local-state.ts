import { existsSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { isKnownPlace, isSamePlace } from '../../config/index.ts';
import { AtmosError } from '../../engine/index.ts';
import type { Instance, Instances, StatePlace } from '../../phases/index.ts';
import type { ComponentState, StateLocation, TargetState } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { isCopy, readState, rescuedState, stateDirectory, stateFile } from './state-file.ts';

/** Where a component's state is, as the ledger has it; of a local one, which it is by now. `null` where it keeps none. */
export async function locateState(workspace: Pick<Workspace, 'stateRoot'>, instance: Instance): Promise<StateLocation | null> {
  if (instance.state === undefined) return null;
  const { backend, workspace: name, place, config } = instance.state;
  const path = rescuedState(workspace, instance.stateDir);
  const base = {
    backend,
    config,
    workspace: name,
    ...(place === undefined ? {} : { place }),
    ...(existsSync(path) ? { rescued: { host: hostname(), path } } : {}),
  };
  if (base.backend !== 'local') return { ...base, lineage: null, serial: null, host: null, dir: null };
  // One that is being written just now says nothing yet.
  const found = await readState(stateFile(workspace, instance.stateDir, base.workspace)).catch((error: unknown) => {
    if (error instanceof AtmosError) return undefined;
    throw error;
  });
  const own = { lineage: found?.lineage ?? null, serial: found?.serial ?? null, ...(found === undefined ? {} : { digest: found.digest }) };
  return { ...base, ...own, host: hostname(), dir: stateRootOf(workspace) };
}

/** The directory that all local states of this clone lie in, links followed. */
export function stateRootOf({ stateRoot }: Pick<Workspace, 'stateRoot'>): string {
  return existsSync(stateRoot) ? realpathSync(stateRoot) : stateRoot;
}

/**
 * Refuses work on components whose states this clone must not touch; where `whole`, on a target that has any such component.
 * @throws AtmosError what `checkState` throws
 */
export async function checkStates(
  workspace: Pick<Workspace, 'stateRoot'>,
  { instances, applied }: { readonly instances: Instances; readonly applied: Instances },
  state: TargetState,
  { whole = false } = {},
): Promise<void> {
  const checked = [...Object.values(instances), ...Object.values(applied)];
  for (const instance of checked) await checkState(workspace, state, instance);
  if (!whole) return;
  const done = new Set(checked.flatMap(({ address, state: own }) => (own === undefined ? [] : [address])));
  for (const [address, known] of Object.entries(state.components)) {
    if (!done.has(address)) await checkOwned(workspace, state, address, known);
  }
}

/**
 * Refuses to touch a component whose state this clone does not have: Terraform would find nothing, and create everything again.
 * @throws AtmosError `state-elsewhere`, `state-rescued`, `state-moved`
 */
async function checkState(workspace: Pick<Workspace, 'stateRoot'>, state: TargetState, instance: Instance): Promise<void> {
  const { address, stateDir } = instance;
  const { deployment, target } = state;
  const known = state.components[address];
  const names = namesOf(state, address);
  const rescued = rescuedState(workspace, stateDir);
  if (existsSync(rescued)) throw rescuedHere(state, address, rescued);
  const elsewhere = known?.state?.rescued;
  if (elsewhere !== undefined) {
    throw new AtmosError(`${address}: an earlier apply failed to save its state; a copy is on ${elsewhere.host} in ${elsewhere.path}`, {
      kind: 'refused',
      code: 'state-rescued',
      hint: `there, write it to the backend: atmos-deployment state push ${names}   or give it up, here or there: atmos-deployment state discard ${names}`,
    });
  }
  if (known === undefined) await refuseDestroyed(workspace, state, instance);
  const location = known?.state ?? null;
  if (known === undefined || location === null || instance.state === undefined) return;
  if (!isSameState(instance.state, location)) {
    const { backend, workspace: name, place } = instance.state;
    throw new AtmosError(
      `${address}: its state is in ${placeOf(location.backend, location.workspace, location.place)}, but the release configures it in ${placeOf(backend, name, place, location)}`,
      {
        kind: 'refused',
        code: 'state-moved',
        hint: `Terraform would recreate all resources. Destroy the component first: atmos-deployment destroy ${deployment} --target ${target} --component ${address}   or revert the backend and workspace`,
      },
    );
  }
  await checkOwned(workspace, state, address, known);
}

/** Refuses where this clone has a state of one of a target's components that could not be written. @throws AtmosError `state-rescued` */
export function refuseRescued(workspace: Pick<Workspace, 'stateRoot'>, state: TargetState): void {
  for (const address of Object.keys(state.components)) {
    const path = rescuedState(workspace, stateDirectory(state, address));
    if (existsSync(path)) throw rescuedHere(state, address, path);
  }
}

function rescuedHere(state: TargetState, address: string, path: string): AtmosError {
  const names = namesOf(state, address);
  return new AtmosError(`${address}: an earlier apply could not write its state, which was rescued to ${path}`, {
    kind: 'refused',
    code: 'state-rescued',
    hint: `write it to the backend: atmos-deployment state push ${names}   or give it up: atmos-deployment state discard ${names}`,
  });
}

/** How the component is named on a command line. */
function namesOf({ deployment, target }: TargetState, address: string): string {
  return `${deployment} ${address} --target ${target}`;
}

/** An older copy of a state that was destroyed elsewhere says that there is what is gone. @throws AtmosError `state-elsewhere` */
async function refuseDestroyed(
  workspace: Pick<Workspace, 'stateRoot'>,
  state: TargetState,
  { address, stateDir, state: own }: Instance,
): Promise<void> {
  const gone = state.destroyed[address];
  if (gone?.backend !== 'local' || own?.backend !== 'local') return;
  const path = stateFile(workspace, stateDir, gone.workspace);
  const found = await readState(path);
  if (found === undefined || found.lineage !== gone.lineage || found.serial >= (gone.serial ?? 0)) return;
  throw new AtmosError(`${address}: this clone has an older copy of a state that was destroyed on ${gone.host} in ${gone.dir}: ${path}`, {
    kind: 'refused',
    code: 'state-elsewhere',
    hint: 'its resources no longer exist: delete that file and rerun, or run there',
  });
}

/** Whether a component would have the state that lies there. What was recorded before places were is told by all of its backend's configuration. */
export function isSameState(
  own: StatePlace,
  { backend, config, workspace, place }: Pick<StateLocation, 'backend' | 'config' | 'workspace' | 'place'>,
): boolean {
  if (place !== undefined && own.place !== undefined) {
    const isOpen = backend === own.backend && (!isKnownPlace(place) || !isKnownPlace(own.place));
    return isOpen || isSamePlace(place, own.place);
  }
  if (backend !== own.backend) return false;
  return config === own.config && (workspace === own.workspace || backend === 'http');
}

/** A place for people; `from` is the one that it is told apart from. */
function placeOf(backend: string, workspace: string, place: string | undefined, from?: StateLocation): string {
  if (place !== undefined) return `"${place}"`;
  if (from?.backend === backend && from.workspace === workspace) return 'another location (the backend configuration changed)';
  return `backend "${backend}", workspace "${workspace}"`;
}

/** Of a local state, that this clone has it, and no older than the ledger knows it. @throws AtmosError `state-elsewhere` */
async function checkOwned(
  workspace: Pick<Workspace, 'stateRoot'>,
  state: TargetState,
  address: string,
  known: ComponentState,
): Promise<void> {
  if (known.state?.backend !== 'local') return;
  const { lineage, serial, host, dir, workspace: name } = known.state;
  const path = stateFile(workspace, stateDirectory(state, address), name);
  const isHere = host === hostname() && dir === stateRootOf(workspace);
  // What was interrupted here may still be under way, and write it just now: whoever goes on from there waits for that.
  if (isHere && known.status === 'pending') return;
  const found = await readState(path);
  // What was applied and never written is nowhere.
  if (lineage === null && (isHere || known.status === 'applied')) return;
  if (known.status === 'pending') throw begunElsewhere(state, address, known);
  if (found !== undefined && isCopy(found, known.state)) return;
  const what =
    found === undefined
      ? 'does not have it'
      : found.lineage === lineage && found.serial < (serial ?? 0)
        ? `has an older copy (serial ${found.serial}, not ${serial})`
        : 'has another one';
  const where = isHere ? `it was at ${path}` : `it is on ${host} in ${dir}`;
  throw new AtmosError(`${address}: its state is local, and this clone ${what}: ${where}`, {
    kind: 'refused',
    code: 'state-elsewhere',
    hint: `run there, or use a backend that machines share (docs/state.md), or bring a copy here: atmos-deployment state import ${namesOf(state, address)} FILE`,
  });
}

/** What was interrupted elsewhere may have been written there since, whatever copy is here. */
function begunElsewhere(state: TargetState, address: string, { state: location }: ComponentState): AtmosError {
  const { deployment, target } = state;
  return new AtmosError(
    `${address}: its state is local, and an operation that was changing it on ${location?.host} in ${location?.dir} was interrupted`,
    {
      kind: 'refused',
      code: 'state-elsewhere',
      hint: `go on there: atmos-deployment rollout ${deployment} --target ${target}   or import the current state into this clone: atmos-deployment state import ${namesOf(state, address)} FILE`,
    },
  );
}
