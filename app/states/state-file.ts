import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, type Digest, flatName, isMissing, isObject, parseAddress, sha256, type TargetRef } from '../../engine/index.ts';
import type { StateLocation } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Where a component's local state lies below the state root. No state lies in another's directory. */
export function stateDirectory({ deployment, target }: TargetRef, address: string): string {
  const { kind, name } = parseAddress(address);
  return `${deployment}/${target}/${kind}/${flatName(name)}`;
}

/** Where a failed apply's rescued state lies, of whatever backend. */
export function rescuedState({ stateRoot }: Pick<Workspace, 'stateRoot'>, stateDir: string): string {
  return `${stateRoot}/${stateDir}/errored.tfstate`;
}

/** The file of a component's local state, as Terraform's `local` backend names it. */
export function stateFile({ stateRoot }: Pick<Workspace, 'stateRoot'>, stateDir: string, workspace: string): string {
  return join(stateRoot, stateDir, workspace === 'default' ? '' : join('workspaces', workspace), 'terraform.tfstate');
}

/** What a state file says of itself. */
export interface StateFile {
  readonly lineage: string;
  readonly serial: number;
  /** Of its bytes. */
  readonly digest: Digest;
}

/** What a state file says of itself; `undefined` where there is none. @throws AtmosError `invalid-state` */
export async function readState(path: string): Promise<StateFile | undefined> {
  try {
    // Handing a file to another thread takes longer than reading one.
    const text = readFileSync(path, 'utf8');
    // Terraform makes the file before it knows what to write, and takes an empty one for none.
    if (text.trim() === '') return undefined;
    const state: unknown = JSON.parse(text);
    if (isState(state)) return { lineage: state.lineage, serial: state.serial, digest: sha256(text) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AtmosError(`${path} is not a Terraform state`, {
    kind: 'failed',
    code: 'invalid-state',
    hint: 'restore it from its backup beside it (terraform.tfstate.backup)',
  });
}

/** Terraform counts with 64 bits; a serial that a double can't hold was written by nobody. */
function isState(value: unknown): value is { readonly lineage: string; readonly serial: number } {
  return (
    isObject(value) &&
    typeof value.lineage === 'string' &&
    value.lineage !== '' &&
    Number.isSafeInteger(value.serial) &&
    (value.serial as number) >= 0 &&
    // What OpenTofu has encrypted says nothing but that of itself.
    (typeof value.encrypted_data === 'string' || (value.version === 4 && Array.isArray(value.resources)))
  );
}

/** Whether a state is the one that the ledger knows, no older. Two that were written apart have the same serial, and differ. */
export function isCopy({ lineage, serial, digest }: StateFile, known: StateLocation): boolean {
  if (lineage !== known.lineage || serial < (known.serial ?? 0)) return false;
  return serial > (known.serial ?? 0) || known.digest === undefined || known.digest === digest;
}
