import { join } from 'node:path/posix';
import { type AtmosError, isObject, isRawNumber, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt, type Place } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { suggestion } from '../model/nearest.ts';
import { escapePointer } from '../model/pointer.ts';
import type { Policies, Policy, ScopedComponent } from '../model/scope.ts';
import type { Project } from '../project/project.ts';
import { leavesRepository } from '../source/paths.ts';

const POLICY_TYPES = ['jsonschema', 'opa'] as const;

/** How long Rego may take where nothing is said, as in Atmos. */
const TIMEOUT = 20_000;
const KEYS = ['schema_type', 'schema_path', 'module_paths', 'description', 'disabled', 'timeout'];

export interface PolicySections {
  readonly address: string;
  readonly sections: JsonObject;
  readonly project: Project;
  /** How many directories the Git repository has above the root. */
  readonly above: number | undefined;
  readonly placeOf: (path: readonly string[]) => Place;
}

/** Reads `settings.validation` of a component. What is no policy is an error at its line; one that is disabled is none. */
export function policiesIn({ address, sections, project, above, placeOf }: PolicySections): {
  readonly list: readonly Policy[];
  readonly errors: readonly AtmosError[];
} {
  const settings = isObject(sections.settings) ? sections.settings : {};
  const { validation } = settings;
  const errors: AtmosError[] = [];
  const wrong = (path: readonly string[], text: string, hint?: string): void => {
    errors.push(errorAt(placeOf(['settings', 'validation', ...path]), `${address}: ${text}`, { code: 'wrong-policy', hint }));
  };
  if (validation === undefined || validation === null) return { list: [], errors };
  if (!isObject(validation)) {
    wrong([], '"settings.validation" must be a map of policies by name');
    return { list: [], errors };
  }
  const list = Object.entries(validation).flatMap(([name, policy]): readonly Policy[] => {
    if (policy === null) return [];
    if (!isObject(policy)) {
      wrong([name], `the policy "${name}" must be a map { schema_type, schema_path }`);
      return [];
    }
    if (policy.disabled === true) return [];
    const before = errors.length;
    for (const key of Object.keys(policy).filter((one) => !KEYS.includes(one)))
      wrong([name, key], `the policy "${name}" has an unknown key "${key}"`, suggestion(key, KEYS, 'keys of a policy'));
    const type = POLICY_TYPES.find((one) => one === policy.schema_type);
    if (type === undefined)
      wrong(
        [name, 'schema_type'],
        `the policy "${name}" must have a "schema_type"`,
        suggestion(String(policy.schema_type ?? ''), POLICY_TYPES, 'types'),
      );
    if (typeof policy.schema_path !== 'string' || policy.schema_path === '')
      wrong([name, 'schema_path'], `the policy "${name}" must have a "schema_path"`, 'the file that it is in: schema_path: vpc/small.rego');
    const modules = policy.module_paths ?? [];
    if (!Array.isArray(modules) || modules.some((one) => typeof one !== 'string'))
      wrong([name, 'module_paths'], `"module_paths" of the policy "${name}" must be a list of paths`);
    const seconds = policy.timeout ?? 0;
    if (typeof seconds !== 'number' || !(seconds >= 0))
      wrong([name, 'timeout'], `"timeout" of the policy "${name}" must be a number of seconds`);
    if (type === undefined || errors.length > before) return [];
    const path = String(policy.schema_path);
    const below = (one: string): string => join(project.schemas[type], one);
    const found: Policy = {
      name,
      type,
      paths: [...new Set([join(path), below(path)])],
      modules: (modules as readonly string[]).map(below),
      timeoutMs: Number(seconds) === 0 ? TIMEOUT : Number(seconds) * 1000,
    };
    const outside = [...found.paths, ...found.modules].find((one) => leavesRepository(one, above));
    if (outside === undefined) return [found];
    wrong([name], `${outside} of the policy "${name}" is not in the repository`);
    return [];
  });
  return { list, errors };
}

/** What a policy is asked about: the component's sections, without what is known only after an apply and what is secret. */
export function policyInput({ sections, policies }: Pick<ScopedComponent, 'sections' | 'policies'>): JsonObject {
  return { ...(known(sections, undefined) as JsonObject), ...namesOf(policies) };
}

/** The same with `null` in place of what is not known, and where that is, as JSON pointers: that it is there is known. */
export function knownInput({ sections, secrets = {}, policies }: ScopedComponent): {
  readonly input: JsonObject;
  readonly hidden: readonly string[];
} {
  const names = Object.keys(secrets);
  const variables = names.flatMap((name) => (name.startsWith('TF_VAR_') ? [name.slice('TF_VAR_'.length)] : []));
  const given = known(sections, null) as JsonObject;
  const withNulls = (section: string, keys: readonly string[]): JsonObject =>
    keys.length === 0
      ? {}
      : { [section]: { ...Object.fromEntries(keys.map((key) => [key, null])), ...(given[section] as JsonObject | undefined) } };
  return {
    input: { ...given, ...withNulls('vars', variables), ...withNulls('env', names), ...namesOf(policies) },
    hidden: [
      ...deferredIn(sections),
      ...variables.map((name) => `/vars/${escapePointer(name)}`),
      ...names.map((name) => `/env/${escapePointer(name)}`),
    ],
  };
}

function namesOf(policies: Policies | undefined): JsonObject {
  const { component = '', stack = '', manifest = '' } = policies ?? {};
  return { atmos_component: component, atmos_stack: stack, stack, atmos_stack_file: manifest, atmos_manifest: manifest };
}

/** A value with another one in place of each that only an apply makes known; without those where that is `undefined`. */
function known(value: Json, unknown: null | undefined): Json | undefined {
  if (isDeferred(value)) return unknown;
  if (Array.isArray(value)) return value.map((item: Json) => known(item, unknown) ?? null);
  if (!isObject(value) || isRawNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, below]) => {
      const found = known(below as Json, unknown);
      return found === undefined ? [] : [[key, found] as const];
    }),
  );
}

function deferredIn(value: Json, pointer = ''): readonly string[] {
  if (isDeferred(value)) return [pointer];
  if ((!isObject(value) && !Array.isArray(value)) || isRawNumber(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([key, below]) => deferredIn(below, `${pointer}/${escapePointer(key)}`));
}
