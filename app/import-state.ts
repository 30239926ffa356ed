import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AtmosError, makePrivate } from '../engine/index.ts';
import type { ComponentState, StateLocation } from '../tracking/index.ts';
import { stateRootOf } from './states/local-state.ts';
import { isCopy, readState, type StateFile, stateDirectory, stateFile } from './states/state-file.ts';
import { recordState, type StateRequest, subjectOf, underLock } from './target/state-subject.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface ImportRequest extends StateRequest {
  /** The user says that the copy is what is there now. */
  readonly isCurrent: boolean;
}

/**
 * Takes a copy of a local state into this clone: the one that the ledger knows, no older than it knows it.
 * Whoever imports it says that nothing is under way where it was.
 * @throws AtmosError `not-local`, `other-state`, `other-copy`, `state-exists`, `locked`
 */
export function importState(workspace: Workspace, request: ImportRequest, file: string): Promise<{ readonly component: string }> {
  return underLock(workspace, request, () => importNow(workspace, request, file));
}

async function importNow(workspace: Workspace, request: ImportRequest, file: string): Promise<{ readonly component: string }> {
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
      hint: 'give the path of a state file, for example: terraform.tfstate',
    });
  }
  const state = await readState(file);
  if (state === undefined || (location.lineage !== null && !isCopy(state, location))) {
    throw new AtmosError(`${file} is not the state of ${address}, or an older copy of it`, {
      kind: 'refused',
      code: 'other-state',
      hint: `the ledger has lineage ${location.lineage ?? 'unknown'}, serial ${location.serial ?? 'unknown'}, on ${location.host ?? 'unknown'} in ${location.dir ?? 'unknown'}`,
    });
  }
  await refuseOther(workspace, request, address, known, state);
  const path = stateFile(workspace, stateDirectory(request, address), location.workspace);
  const own = await readState(path);
  if (own !== undefined && (own.lineage !== state.lineage || own.serial > state.serial)) {
    throw new AtmosError(`${path} exists, and is another state or a newer one`, {
      kind: 'refused',
      code: 'state-exists',
      hint: 'move it away first',
    });
  }
  makePrivate(workspace.stateRoot);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  copyFileSync(file, `${path}.new`, constants.COPYFILE_FICLONE);
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
  await recordState(workspace, request, address, 'state-imported', {
    lineage: state.lineage,
    serial: state.serial,
    digest: state.digest,
    host: hostname(),
    dir: stateRootOf(workspace),
  });
  return { component: address };
}

/**
 * Where the state can be seen that the ledger knows, the copy has to be the same. Elsewhere one that is newer than the ledger knows, or of what was
 * being changed when that was interrupted one that is not, is taken when the user says that it is what is there now.
 */
async function refuseOther(
  workspace: Workspace,
  { deployment, target, isCurrent }: ImportRequest,
  address: string,
  known: ComponentState,
  copy: StateFile,
): Promise<void> {
  const { state: location, status } = known;
  if (location === null) return;
  const isHere = location.host === hostname() && location.dir === stateRootOf(workspace);
  const there = isHere ? undefined : await stateThere(deployment, target, address, location);
  if (there !== undefined && there.digest === copy.digest) return;
  const isNewer = location.lineage === null || copy.serial > (location.serial ?? 0);
  const isUsual = status === 'pending' ? isNewer : isHere || !isNewer;
  if (there === undefined && (isCurrent || isUsual)) return;
  const path = stateFile({ stateRoot: String(location.dir) }, stateDirectory({ deployment, target }, address), location.workspace);
  const why =
    status === 'pending'
      ? `; a change of it was interrupted, and this copy is ${isNewer ? 'a different state' : 'older'}`
      : ', and this copy is another one';
  throw new AtmosError(`${address}: its state is on ${location.host} in ${location.dir}${why}`, {
    kind: 'refused',
    code: 'other-copy',
    hint: there === undefined ? 'copy the current state file from there; if this copy is current: --yes' : `copy it as it is now: ${path}`,
  });
}

/** The state where the ledger says that it is, if that is on this machine. */
async function stateThere(
  deployment: string,
  target: string,
  address: string,
  { host, dir, workspace }: StateLocation,
): Promise<StateFile | undefined> {
  if (host !== hostname() || dir === null) return undefined;
  const path = stateFile({ stateRoot: dir }, stateDirectory({ deployment, target }, address), workspace);
  return readState(path).catch((error: unknown) => {
    // What is damaged there is nothing to compare with.
    if (error instanceof AtmosError && error.code === 'invalid-state') return undefined;
    throw error;
  });
}
