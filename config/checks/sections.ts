import { type AtmosError, isObject, type JsonObject } from '../../engine/index.ts';
import { errorAt, type LocatedMap, member, type Place } from '../../yaml/index.ts';

/** What a component's stacks say. */
export interface ComponentSections {
  readonly address: string;
  readonly unevaluated: LocatedMap;
  readonly sections: JsonObject;
  readonly placeOf: (path: readonly string[]) => Place;
}

/** What in a component's sections can't be meant: a backend whose type nobody says, switches that are neither true nor false. */
export function sectionProblems({ address, unevaluated, sections, placeOf }: ComponentSections): readonly AtmosError[] {
  const errors: AtmosError[] = [];
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
