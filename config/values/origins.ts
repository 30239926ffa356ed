import { type Located, lineOf, type Place } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { escapePointer } from '../model/pointer.ts';
import type { Origin, ScopedComponent } from '../model/scope.ts';
import { isUnset, keyName } from './evaluate.ts';

/** Where each value of a component was set, by JSON pointer within its sections. */
type Origins = Readonly<Record<string, Origin>>;

/** A scope is plain data; where it comes from is rarely asked for, costs as much as evaluating it, and so is kept beside it. */
const found = new WeakMap<ScopedComponent, () => Origins>();
const places = new WeakMap<ScopedComponent, (path: readonly string[]) => Place>();
const ownVars = new WeakMap<ScopedComponent, ReadonlySet<string>>();

/** Where each value of a component of a scope was set, by JSON pointer within its `sections`. @throws Error when `resolve` did not give it */
export function originsOf(component: ScopedComponent): Origins {
  const find = found.get(component);
  if (find === undefined) throw new Error(`${component.address} was not resolved here`);
  return find();
}

/** Notes the sections that a component was evaluated from. */
export function noteOrigins(
  component: ScopedComponent,
  at: Place,
  sections: readonly (readonly [string, Located])[],
  context: EvaluationContext,
  own: ReadonlySet<string>,
): void {
  ownVars.set(component, own);
  places.set(component, (path) => placeOfPath(sections, at, path));
  found.set(component, () => {
    const origins: Record<string, Origin> = {};
    for (const [section, value] of sections) trace(value, `/${section}`, context, origins);
    return origins;
  });
}

/** The same of sections that are not a component's yet, which is named `at` somewhere. */
export function placeOfPath(sections: readonly (readonly [string, Located])[], at: Place, [section, ...keys]: readonly string[]): Place {
  let value = sections.find(([name]) => name === section)?.[1];
  let place = value !== undefined && keys.length === 0 ? value.at : at;
  for (const key of keys) {
    const entry = value?.kind === 'map' ? value.entries.get(key) : undefined;
    if (entry === undefined) break;
    place = entry.keyAt;
    value = entry.value;
  }
  return place;
}

/** Where something of a component is set: the deepest key of a path within its `sections` that is, else where the component is named. */
export function placeIn(component: ScopedComponent, path: readonly string[]): Place | undefined {
  return places.get(component)?.(path);
}

/** The variables that are set for this very component, and for no others with it. */
export function ownVarsOf(component: ScopedComponent): ReadonlySet<string> {
  return ownVars.get(component) ?? new Set();
}

/** Notes that a component has the origins of the one that it was made of. */
export function keepOrigins(from: ScopedComponent, to: ScopedComponent): void {
  found.set(to, () => originsOf(from));
  ownVars.set(to, ownVarsOf(from));
  const find = places.get(from);
  if (find !== undefined) places.set(to, find);
}

function trace(value: Located, pointer: string, context: EvaluationContext, origins: Record<string, Origin>): void {
  if (value.kind === 'map' && value.entries.size > 0) {
    for (const [key, entry] of value.entries)
      if (!isUnset(entry.value)) trace(entry.value, `${pointer}/${escapePointer(keyName(key, entry.keyAt, context))}`, context, origins);
  } else if (value.kind === 'list' && value.items.length > 0) {
    for (const [index, item] of value.items.filter((item) => !isUnset(item)).entries())
      trace(item, `${pointer}/${index}`, context, origins);
  } else {
    origins[pointer] = { ...originOf(value.at), ...overrode(value, context) };
  }
}

/** Where the values stand that a value replaced. */
function overrode(value: Located, { history }: EvaluationContext): Pick<Origin, 'overrode'> {
  const all: Origin[] = [];
  for (let before = history?.get(value); before !== undefined && all.length < 1000; before = history?.get(before))
    all.push(originOf(before.at));
  return all.length === 0 ? {} : { overrode: all };
}

/** The file and line of a place. */
export function originOf(at: Place): Origin {
  return { file: at.document.file, line: lineOf(at.document, at.offset).line };
}
