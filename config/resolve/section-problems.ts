import { type AtmosError, isObject, type JsonObject } from '../../engine/index.ts';
import { errorAt, type LocatedMap, member, type Place } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { nearest } from '../model/nearest.ts';

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
      errorAt(backend.at, `${address}: "backend" is set, but "backend_type" is not`, {
        code: 'missing-backend',
        hint: `set it: backend_type: ${[...backend.entries.keys()].join(', or ')}`,
      }),
    );
  }
  errors.push(...dependencyProblems(address, sections, placeOf));
  const metadata = isObject(sections.metadata) ? (sections.metadata as JsonObject) : {};
  for (const key of ['enabled', 'locked']) {
    const value = metadata[key];
    if (value === undefined || value === null || typeof value === 'boolean') continue;
    errors.push(
      errorAt(placeOf(['metadata', key]), `${address}: metadata.${key} must be true or false`, {
        code: 'wrong-type',
        hint: `it is ${JSON.stringify(value)}, which YAML parses as ${typeof value === 'string' ? 'a string' : 'another type'}`,
      }),
    );
  }
  return errors;
}

/** What an entry of `depends_on` waits for. */
const WAITED_FOR = ['component', 'name', 'file', 'folder', 'path'];

/** Dependencies that name nothing: the component would wait for nobody. */
function dependencyProblems(address: string, sections: JsonObject, placeOf: ComponentSections['placeOf']): readonly AtmosError[] {
  return [
    ['settings', 'depends_on'],
    ['dependencies', 'components'],
  ].flatMap(([section = '', key = '']): readonly AtmosError[] => {
    const holder = sections[section];
    const value: unknown = isObject(holder) ? holder[key] : undefined;
    if (value === undefined || value === null) return [];
    const wrong = (path: readonly string[], hint: string): AtmosError =>
      errorAt(placeOf([section, key, ...path]), `${address}: ${section}.${key} names no component`, {
        code: 'wrong-dependency',
        hint,
      });
    if (!isObject(value) && !Array.isArray(value))
      return [wrong([], `write a list of components: [{ component: ${JSON.stringify(value)} }]`)];
    return Object.entries(value as object).flatMap(([at, entry]: [string, unknown]) => {
      if (typeof entry === 'string' || entry === null || isDeferred(entry)) return [];
      if (!isObject(entry)) return [wrong([at], 'write { component: <name> }')];
      if (WAITED_FOR.some((one) => Object.hasOwn(entry, one))) return [];
      const meant = Object.keys(entry)
        .map((one) => nearest(one, WAITED_FOR))
        .find((one) => one !== undefined);
      return [wrong([at], meant === undefined ? 'write { component: <name> }' : `did you mean "${meant}"?`)];
    });
  });
}
