import { constants, copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AtmosError } from '../engine/index.ts';
import { readState, stateDirectory, stateFile, stateRootOf } from './local-state.ts';
import { recordState, type StateRequest, subjectOf, underLock } from './state-subject.ts';
import type { Workspace } from './workspace.ts';

/**
 * Takes a copy of a local state into this clone: the one that the ledger knows, no older than it knows it.
 * Whoever imports it says that nothing is under way where it was.
 * @throws AtmosError `not-local`, `other-state`, `state-exists`, `locked`
 */
export function importState(workspace: Workspace, request: StateRequest, file: string): Promise<{ readonly component: string }> {
  return underLock(workspace, request, () => importNow(workspace, request, file));
}

async function importNow(workspace: Workspace, request: StateRequest, file: string): Promise<{ readonly component: string }> {
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
  await recordState(workspace, request, address, 'state-imported', {
    lineage: state.lineage,
    serial: state.serial,
    host: hostname(),
    dir: stateRootOf(workspace),
  });
  return { component: address };
}
