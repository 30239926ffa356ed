import { constants, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AtmosError, type Digest, makeTree, outputOf } from '../engine/index.ts';
import { expandState, type Instance } from '../phases/index.ts';
import type { ComponentState, StateLocation } from '../tracking/index.ts';
import { addressOf } from './address.ts';
import { firstFailure } from './failure.ts';
import { groundOf } from './ground.ts';
import { readLock } from './images.ts';
import { readState, rescuedState, stateDirectory, stateFile } from './local-state.ts';
import { nothingDeployed } from './nothing-deployed.ts';
import { pinsOfReleases } from './pins.ts';
import { newRecord } from './record.ts';
import { headCommit, revisionAt } from './revision.ts';
import { untouched } from './rollout.ts';
import { secretValues } from './secrets.ts';
import { type RunSettings, Session } from './session.ts';
import type { Workspace } from './workspace.ts';

/** A component's Terraform state. */
export interface StateRequest {
  readonly deployment: string;
  readonly target: string;
  /** Its address, or a name that only one component has. */
  readonly component: string;
}

interface Subject {
  readonly address: string;
  readonly known: ComponentState;
  /** Where the rescued state lies, if there is one. */
  readonly rescued: string;
}

/**
 * Writes a rescued state to the component's backend, under the target's lock.
 * @throws AtmosError `nothing-rescued`, `locked`, what Terraform says
 */
export async function pushState(
  workspace: Workspace,
  request: StateRequest,
  settings: RunSettings,
): Promise<{ readonly component: string }> {
  const { address, rescued } = await subjectOf(workspace, request);
  if (!existsSync(rescued)) throw nothingRescued(address, rescued);
  const { store } = workspace;
  const content = readFileSync(rescued);
  const digest = await store.ephemeral.put(content);
  const tree = await store.ephemeral.putTree(makeTree([{ path: 'errored.tfstate', mode: '644', digest, size: content.length }]));
  await onState(workspace, request, address, { push: tree }, settings);
  rmSync(rescued);
  await recordState(workspace, request, address, 'state-pushed');
  return { component: address };
}

/** Gives a rescued state up. It is not deleted, but moved aside. @throws AtmosError `nothing-rescued` */
export async function discardState(
  workspace: Workspace,
  request: StateRequest,
): Promise<{ readonly component: string; readonly kept: string }> {
  const { address, rescued, known } = await subjectOf(workspace, request);
  if (!existsSync(rescued) && known.state?.rescued === undefined) throw nothingRescued(address, rescued);
  if (!existsSync(rescued)) {
    await recordState(workspace, request, address, 'state-discarded');
    return { component: address, kept: `${known.state?.rescued?.path ?? rescued} on ${known.state?.rescued?.host ?? 'this machine'}` };
  }
  const kept = `${rescued}.discarded-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
  renameSync(rescued, kept);
  await recordState(workspace, request, address, 'state-discarded');
  return { component: address, kept };
}

/**
 * Makes the ledger know a component no more, though it was not destroyed: where its state is lost, nothing can be done with it. What it has runs on.
 * @throws AtmosError `unknown-component`
 */
export async function forgetComponent(workspace: Workspace, request: StateRequest): Promise<{ readonly component: string }> {
  const { address } = await subjectOf(workspace, request);
  await recordState(workspace, request, address, 'forgotten');
  return { component: address };
}

/**
 * Takes a copy of a local state into this clone: the one that the ledger knows, no older than it knows it.
 * @throws AtmosError `not-local`, `other-state`, `state-exists`
 */
export async function importState(workspace: Workspace, request: StateRequest, file: string): Promise<{ readonly component: string }> {
  const { address, known } = await subjectOf(workspace, request);
  const location = known.state;
  if (location?.backend !== 'local') {
    throw new AtmosError(`the state of ${address} is not local: it is in backend "${location?.backend ?? 'unknown'}"`, {
      kind: 'invalid',
      code: 'not-local',
      hint: 'nothing needs to be imported: every machine reads it there',
    });
  }
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new AtmosError(`there is no file ${file}`, {
      kind: 'invalid',
      code: 'no-file',
      hint: 'name a copy of the state: terraform.tfstate',
    });
  }
  const state = await readState(file);
  if (state === undefined || (location.lineage !== null && (state.lineage !== location.lineage || state.serial < (location.serial ?? 0)))) {
    throw new AtmosError(`${file} is not the state of ${address}, or an older copy of it`, {
      kind: 'refused',
      code: 'other-state',
      hint: `the ledger knows lineage ${location.lineage ?? 'unknown'}, serial ${location.serial ?? 'unknown'}, on ${location.host ?? 'unknown'} in ${location.dir ?? 'unknown'}`,
    });
  }
  const path = stateFile(workspace, stateDirectory(request.deployment, request.target, address), location.workspace);
  const own = await readState(path);
  if (own !== undefined && (own.lineage !== state.lineage || own.serial > state.serial)) {
    throw new AtmosError(`${path} exists, and is another state or a newer one`, {
      kind: 'refused',
      code: 'state-exists',
      hint: 'move it away first',
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  copyFileSync(file, `${path}.new`, constants.COPYFILE_FICLONE);
  renameSync(`${path}.new`, path);
  return { component: address };
}

/** Releases the lock that a component's state has in its backend. `lock` is its id; `undefined` when there was none. */
export async function unlockState(
  workspace: Workspace,
  request: StateRequest,
  settings: RunSettings,
): Promise<{ readonly component: string; readonly lock: string | undefined }> {
  const { address } = await subjectOf(workspace, request);
  const output = await onState(workspace, request, address, 'unlock', settings);
  const entry = output === undefined ? undefined : (await workspace.store.tree(output)).entries[0];
  const lock = entry === undefined ? undefined : Buffer.from((await workspace.store.get(entry.digest)) ?? '').toString('utf8');
  return { component: address, lock: lock === 'none' ? undefined : lock };
}

/** Says what became of a rescued state, so that every clone knows. */
async function recordState(
  workspace: Workspace,
  { deployment, target }: StateRequest,
  address: string,
  action: 'state-pushed' | 'state-discarded' | 'forgotten',
): Promise<void> {
  const { repository, ledger } = await workspace.tracking();
  const by = await repository.identity();
  await ledger.append(deployment, target, ({ components, release, commit }) => {
    const known = components[address];
    const { rescued: _, ...location } = known?.state ?? { rescued: undefined };
    const state = known?.state == null ? null : (location as StateLocation);
    const own = known === undefined ? {} : { [address]: { ...untouched(action, known.release, known), state } };
    return { record: newRecord({ kind: 'state', deployment, target, release, commit, dirty: false, by }, { components: own }) };
  });
}

async function subjectOf(workspace: Workspace, { deployment, target, component }: StateRequest): Promise<Subject> {
  const { ledger } = await workspace.tracking();
  const state = await ledger.state(deployment, target);
  if (Object.keys(state.components).length === 0) throw nothingDeployed(deployment, target);
  const address = addressOf(component, Object.keys(state.components));
  const known = state.components[address] as ComponentState;
  return { address, known, rescued: rescuedState(workspace, stateDirectory(deployment, target, address)) };
}

/** Runs one node on a component's state, while nobody else deploys its target. */
async function onState(
  workspace: Workspace,
  { deployment, target }: StateRequest,
  address: string,
  operation: { readonly push: Digest } | 'unlock',
  settings: RunSettings,
): Promise<Digest | undefined> {
  const { repository, ledger, locks } = await workspace.tracking();
  const lock = await locks.acquire(deployment, target, await repository.identity());
  try {
    const state = await ledger.state(deployment, target);
    const ground = await groundOf(workspace, state, new Map([[address, 'destroy']]), undefined);
    const { files } = await revisionAt(workspace, await headCommit(repository));
    const session = new Session(workspace, await readLock(workspace, files, deployment), settings);
    try {
      session.images.admit(await pinsOfReleases(workspace, ground.releases.values()));
      const graph = expandState(ground.instances[address] as Instance, operation, ground.applied);
      const results = await session.run(graph, secretValues([...ground.releases.values()]), lock);
      const failure = await firstFailure(results, workspace, undefined, { deployment, target });
      if (failure !== undefined) throw failure;
      return outputOf(results, `${address}/state-unlock`, 'unlocked');
    } finally {
      await session.close();
    }
  } finally {
    await lock.release();
  }
}

function nothingRescued(address: string, path: string): AtmosError {
  return new AtmosError(`no state of ${address} was rescued (${path})`, { kind: 'invalid', code: 'nothing-rescued' });
}
