import { type AtmosError, isObject, type Json, type JsonObject } from '../engine/index.ts';
import { errorAt, type Located, type LocatedMap, member, type Place } from './yaml/located.ts';

/**
 * What a component's stacks ask Atmos to do when it runs the component, and is not done here: told rather than left out, since what is applied without it is
 * another thing.
 */
export function unsupportedIn(address: string, at: Place, unevaluated: LocatedMap, sections: JsonObject): readonly AtmosError[] {
  const found = (what: string, value: Located | undefined, hint: string): AtmosError =>
    errorAt(value?.at ?? at, `${address}: ${what}`, { code: 'not-supported', hint });
  const errors: AtmosError[] = [];
  for (const name of namesIn(sections.hooks)) {
    const value = member(member(unevaluated, 'hooks'), name);
    errors.push(found(`hooks are not run here, and it has "${name}"`, value, 'make it a node of the deployment (phases), or take it out'));
  }
  const settings = isObject(sections.settings) ? (sections.settings as JsonObject) : {};
  for (const name of namesIn(settings.validation)) {
    const policy = isObject(settings.validation) ? (settings.validation as JsonObject)[name] : undefined;
    if (isObject(policy) && (policy as JsonObject).disabled === true) continue;
    const value = member(member(member(unevaluated, 'settings'), 'validation'), name);
    errors.push(
      found(
        `policies of stacks are not checked here, and it has "${name}"`,
        value,
        'say "disabled: true" there, and check it in a node (phases: test)',
      ),
    );
  }
  return errors;
}

function namesIn(section: Json | undefined): readonly string[] {
  return isObject(section) ? Object.entries(section as JsonObject).flatMap(([name, value]) => (value === null ? [] : [name])) : [];
}
