import { type AtmosError, isObject, type Json, type JsonObject } from '../engine/index.ts';
import { errorAt, type Located, type LocatedMap, member, type Place } from './yaml/located.ts';

/** What a component's stacks say. */
export interface Asking {
  readonly address: string;
  readonly at: Place;
  readonly unevaluated: LocatedMap;
  readonly sections: JsonObject;
  readonly placeOf: (path: readonly string[]) => Place;
}

/**
 * What a component's stacks ask Atmos to do when it runs the component, and is not done here: told rather than left out, since what is applied without it is
 * another thing.
 */
export function unsupportedIn({ address, at, unevaluated, sections, placeOf }: Asking): readonly AtmosError[] {
  const found = (what: string, value: Located | undefined, hint: string): AtmosError =>
    errorAt(value?.at ?? at, `${address}: ${what}`, { code: 'not-supported', hint });
  const errors: AtmosError[] = [];
  for (const name of namesIn(sections.hooks)) {
    const value = member(member(unevaluated, 'hooks'), name);
    errors.push(found(`hooks are not run here, and it has "${name}"`, value, 'make it a node of the deployment (phases), or take it out'));
  }
  const backend = member(unevaluated, 'backend');
  if (backend?.kind === 'map' && backend.entries.size > 0 && (sections.backend_type ?? '') === '') {
    errors.push(
      errorAt(backend.at, `${address}: there is a "backend", and no "backend_type" says which of it is meant`, {
        code: 'missing-backend',
        hint: `set it beside: backend_type: ${[...backend.entries.keys()].join(', or ')}`,
      }),
    );
  }
  const metadata = isObject(sections.metadata) ? (sections.metadata as JsonObject) : {};
  for (const key of ['enabled', 'locked']) {
    const value = metadata[key];
    if (value === undefined || value === null || typeof value === 'boolean') continue;
    errors.push(
      errorAt(placeOf(['metadata', key]), `${address}: metadata.${key} must be true or false`, {
        code: 'wrong-type',
        hint: `it is ${JSON.stringify(value)}, which YAML takes for ${typeof value === 'string' ? 'a text' : 'something else'}`,
      }),
    );
  }
  return errors;
}

function namesIn(section: Json | undefined): readonly string[] {
  return isObject(section) ? Object.entries(section as JsonObject).flatMap(([name, value]) => (value === null ? [] : [name])) : [];
}
