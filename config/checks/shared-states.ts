import type { AtmosError, JsonObject, TargetRef } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import { statePlace } from '../terraform/state-place.ts';

/**
 * Components, of one target or of two, also of different deployments, whose states would lie at one place: what is applied of one would be taken for the other's, and destroyed with
 * it. Local states lie apart by target and component.
 */
export function sharedStates(
  scopes: readonly Scope[],
  placeOf: (deployment: string, address: string) => Place | undefined,
): readonly AtmosError[] {
  const first = new Map<string, Named>();
  const errors: AtmosError[] = [];
  for (const scope of scopes) {
    for (const component of Object.values(scope.components)) {
      const place = stateOf(scope, component);
      if (place === undefined) continue;
      const { address } = component;
      const one = { deployment: scope.deployment, target: scope.target, address };
      const other = first.get(place);
      if (other === undefined) first.set(place, one);
      else errors.push(shared(placeOf(one.deployment, address), one, other, place));
    }
  }
  return errors;
}

function stateOf({ deployment, target, secrets }: Scope, { spec, sections, secrets: own = {} }: ScopedComponent): string | undefined {
  if (!spec.isModule) return undefined;
  // What has a default is no secret, and stands in `env`.
  const hidden = Object.entries(own).filter(([, source]) => 'exec' in source || source.default === undefined);
  const sources = Object.fromEntries(hidden.map(([name, source]) => [name, 'exec' in source ? `$(${source.exec})` : source.env]));
  return statePlace({
    type: String(sections.backend_type ?? ''),
    backend: (sections.backend ?? {}) as JsonObject,
    workspace: String(sections.workspace ?? 'default'),
    env: (sections.env ?? {}) as JsonObject,
    // What their values are is known where they are used.
    secrets: Object.fromEntries([...Object.keys(secrets), ...Object.keys(sources)].map((name) => [name, undefined])),
    owner: (name) => [`${deployment}/${target}`, sources[name] ?? ''].join(' ').trim(),
  });
}

interface Named extends TargetRef {
  readonly address: string;
}

function shared(at: Place | undefined, one: Named, other: Named, place: string): AtmosError {
  const of = ({ deployment, target, address }: Named): string =>
    `${address} of ${one.deployment === other.deployment ? target : `${deployment}/${target}`}`;
  return errorAt(at, `${of(other)} and ${of(one)} would share one state: ${place}`, {
    code: 'shared-state',
    hint: 'use a separate state per target: include the target in the key, prefix, address or workspace of the backend',
  });
}
