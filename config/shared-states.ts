import type { AtmosError } from '../engine/index.ts';
import { canonicalJson } from '../engine/index.ts';
import type { Scope, ScopedComponent } from './scope.ts';
import { errorAt, type Place } from './yaml/located.ts';

/** Backends that have one state at an address, whatever the workspace. */
const WITHOUT_WORKSPACES = new Set(['http']);

/** Whether a backend has a state for each workspace. */
export function hasWorkspaces(backend: string): boolean {
  return !WITHOUT_WORKSPACES.has(backend);
}

/**
 * Components, of one target or of two, whose states would lie at one place: what is applied of one would be taken for the other's, and destroyed with
 * it. Local states lie apart by target and component.
 */
export function sharedStates(scopes: readonly Scope[], placeOf: (address: string) => Place | undefined): readonly AtmosError[] {
  const first = new Map<string, { readonly target: string; readonly address: string }>();
  const errors: AtmosError[] = [];
  for (const { target, components } of scopes) {
    for (const component of Object.values(components)) {
      const place = stateOf(component);
      if (place === undefined) continue;
      const { address } = component;
      const other = first.get(place);
      if (other === undefined) first.set(place, { target, address });
      else errors.push(shared(placeOf(address), { target, address }, other));
    }
  }
  return errors;
}

function stateOf({ kind, sections }: ScopedComponent): string | undefined {
  const { backend_type: type, backend = {}, workspace } = sections;
  if (kind !== 'terraform' || typeof type !== 'string' || type === 'local' || type === '') return undefined;
  return canonicalJson([type, backend, hasWorkspaces(type) ? (workspace ?? null) : null]);
}

interface Named {
  readonly target: string;
  readonly address: string;
}

function shared(place: Place | undefined, one: Named, other: Named): AtmosError {
  const who =
    one.address === other.address
      ? `${one.address} of ${other.target} and ${one.target}`
      : `${other.address} of ${other.target} and ${one.address} of ${one.target}`;
  return errorAt(place, `the states of ${who} would be one: their backends, keys and workspaces are the same`, {
    code: 'shared-state',
    hint: 'give each its own: with the target in the key, prefix, address or workspace of its backend',
  });
}
