import { constants, copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AtmosError, makePrivate } from '../engine/index.ts';
import type { ComponentState, StateLocation } from '../tracking/index.ts';
import { stateDirectory, stateRootOf } from './local-state.ts';
import { isCopy, readState, type StateFile, stateFile } from './state-file.ts';
import { recordState, type StateRequest, subjectOf, underLock } from './state-subject.ts';
import type { Workspace } from './workspace.ts';

export interface ImportRequest extends StateRequest {
  /** The user says that the copy is what is there now. */
  readonly isCurrent: boolean;
}

/**
 * Takes a copy of a local state into this clone: the one that the ledger knows, no older than it knows it.
 * Whoever imports it says that nothing is under way where it was.
 * @throws AtmosError `not-local`, `other-state`, `earlier-copy`, `state-exists`, `locked`
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
      hint: 'name a copy of the state: terraform.tfstate',
    });
  }
  const state = await readState(file);
  if (state === undefined || (location.lineage !== null && !isCopy(state, location))) {
    throw new AtmosError(`${file} is not the state of ${address}, or an older copy of it`, {
      kind: 'refused',
      code: 'other-state',
      hint: `the ledger knows lineage ${location.lineage ?? 'unknown'}, serial ${location.serial ?? 'unknown'}, on ${location.host ?? 'unknown'} in ${location.dir ?? 'unknown'}`,
    });
  }
  await refuseEarlier(request, address, known, state);
  const path = stateFile(workspace, stateDirectory(request.deployment, request.target, address), location.workspace);
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
 * Of what was being changed when that was interrupted, a copy from before does not say what became of it. Where that can be seen, the copy has to be
 * the same; elsewhere it has to be newer than what was begun with, or the user says that it is what is there now.
 */
async function refuseEarlier(
  { deployment, target, isCurrent }: ImportRequest,
  address: string,
  known: ComponentState,
  copy: StateFile,
): Promise<void> {
  const { state: location, status } = known;
  if (status !== 'pending' || location === null) return;
  const there = await stateThere(deployment, target, address, location);
  if (there !== undefined ? there.digest === copy.digest : isCurrent || location.lineage === null || copy.serial > (location.serial ?? 0))
    return;
  throw new AtmosError(
    `${address} was being changed on ${location.host} in ${location.dir} when that was interrupted, and this copy is from before`,
    {
      kind: 'refused',
      code: 'earlier-copy',
      hint:
        there === undefined
          ? 'copy it there as it is now; if this is how it is there now: --yes'
          : `copy it as it is now: ${stateFile({ stateRoot: String(location.dir) }, stateDirectory(deployment, target, address), location.workspace)}`,
    },
  );
}

/** The state where the ledger says that it is, if that is on this machine. */
async function stateThere(
  deployment: string,
  target: string,
  address: string,
  { host, dir, workspace }: StateLocation,
): Promise<StateFile | undefined> {
  if (host !== hostname() || dir === null) return undefined;
  return readState(stateFile({ stateRoot: dir }, stateDirectory(deployment, target, address), workspace));
}
