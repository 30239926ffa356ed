import { type AtmosError, isObject, type JsonObject } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import type { KindSpec, SettingSpec } from '../model/kinds.ts';
import { nearest, suggestion } from '../model/nearest.ts';

/** What is wrong with `settings.<kind>` of a component, by what its kind says of it. */
export function kindProblems(
  spec: KindSpec,
  address: string,
  sections: JsonObject,
  placeOf: (path: readonly string[]) => Place,
): readonly AtmosError[] {
  const known = spec.settings;
  if (known === undefined) return [];
  return [...environmentProblems(spec, address, sections, placeOf), ...settingProblems(spec, known, address, sections, placeOf)];
}

/** Variables that commands are given by the program itself. */
const RESERVED = ['ATMOS_VARS', 'ATMOS_PLAN'];

/** Names of variables that a shell can't set. */
function environmentProblems(
  { hasEnvironment, isModule }: KindSpec,
  address: string,
  { env }: JsonObject,
  placeOf: (path: readonly string[]) => Place,
): readonly AtmosError[] {
  if (!hasEnvironment || isModule || !isObject(env)) return [];
  return Object.keys(env).flatMap((name) => {
    const refuse = (text: string, hint: string): readonly AtmosError[] => [
      errorAt(placeOf(['env', name]), `${address}: ${text}`, { code: 'wrong-env', hint }),
    ];
    if (RESERVED.includes(name)) return refuse(`the variable ${name} can't be set by env`, 'commands are given it by the program');
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      return refuse(`invalid variable name "${name}" in env`, 'use letters, digits and _, and no digit at the beginning');
    return [];
  });
}

function settingProblems(
  spec: KindSpec,
  known: NonNullable<KindSpec['settings']>,
  address: string,
  sections: JsonObject,
  placeOf: (path: readonly string[]) => Place,
): readonly AtmosError[] {
  const path = ['settings', spec.name];
  const all = isObject(sections.settings) ? (sections.settings as JsonObject)[spec.name] : undefined;
  if (all !== undefined && all !== null && !isObject(all))
    return [errorAt(placeOf(path), `${address}: settings.${spec.name} must be a map`, { code: 'wrong-type' })];
  const settings = (all ?? {}) as JsonObject;
  const errors: AtmosError[] = [];
  for (const [key, value] of Object.entries(settings)) {
    const setting = Object.hasOwn(known, key) ? known[key] : undefined;
    const at = placeOf([...path, key]);
    if (setting === undefined)
      errors.push(
        errorAt(at, `${address}: unknown key "${key}" in settings.${spec.name}`, {
          code: 'unknown-key',
          hint: suggestion(key, Object.keys(known), 'keys there'),
        }),
      );
    else if (isDeferred(value))
      errors.push(
        errorAt(at, `${address}: settings.${spec.name}.${key} must not reference outputs`, {
          code: 'wrong-type',
          hint: 'read outputs of others in vars or env',
        }),
      );
    else if (value !== null && !fits(value, setting))
      errors.push(errorAt(at, `${address}: settings.${spec.name}.${key} must be ${expected(setting)}`, { code: 'wrong-type' }));
  }
  if (errors.length > 0) return errors;
  const others = isObject(sections.settings) && all === undefined ? Object.keys(sections.settings) : [];
  const meant = nearest(spec.name, others);
  for (const [key, { required }] of Object.entries(known)) {
    if (required !== true || !isLeftOut(settings[key])) continue;
    errors.push(
      errorAt(placeOf(path), `${address}: settings.${spec.name}.${key} is missing`, {
        code: 'missing-key',
        hint: meant === undefined ? `components of kind ${spec.name} need it` : `settings has "${meant}": did you mean "${spec.name}"?`,
      }),
    );
  }
  for (const [key, { needs = [] }] of Object.entries(known)) {
    const missing = [needs].flat().find((other) => isLeftOut(settings[other]));
    if (missing === undefined || isLeftOut(settings[key])) continue;
    const text = `${address}: settings.${spec.name} "${key}" requires "${missing}"`;
    errors.push(
      errorAt(placeOf([...path, key]), text, {
        code: 'missing-key',
        hint: `set ${[needs]
          .flat()
          .map((other) => `"${other}"`)
          .join(' and ')}, or remove "${key}"`,
      }),
    );
  }
  return errors;
}

/** A list of nothing says as much as none. */
function isLeftOut(value: unknown): boolean {
  return (value ?? null) === null || (Array.isArray(value) && value.length === 0);
}

function fits(value: unknown, { type }: SettingSpec): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'strings' || type === 'paths') return Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');
  return typeof value === 'string' && value !== '' && (type === 'string' || type.includes(value));
}

function expected({ type }: SettingSpec): string {
  if (type === 'boolean') return 'true or false';
  if (type === 'strings' || type === 'paths') return 'a list of strings that are not empty';
  return type === 'string' ? 'a string that is not empty' : `one of ${type.join(', ')}`;
}
