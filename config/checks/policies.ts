import { AtmosError, allSettled, canonicalJson, isObject, isRawNumber, type JsonObject } from '../../engine/index.ts';
import { errorAt } from '../../yaml/index.ts';
import type { Policy, Scope, ScopedComponent } from '../model/scope.ts';
import { knownInput } from '../resolve/policies.ts';
import type { ConfigFiles } from '../source/files.ts';
import { placeIn } from '../values/origins.ts';
import type { SchemaViolation } from './json-schema.ts';

/** What is wrong, and what had better be looked at. */
export interface Findings {
  readonly errors: readonly AtmosError[];
  readonly warnings: readonly AtmosError[];
}

/**
 * What of the policies of a target's components can be decided without running anything: whether their files are there, and JSON Schema. Rego runs in a
 * node.
 */
export async function policyProblems(scope: Scope, files: ConfigFiles): Promise<Findings> {
  const all = Object.values(scope.components).flatMap((component) =>
    (component.policies?.list ?? []).map((policy) => ({ component, policy })),
  );
  const found = await allSettled(all, async ({ component, policy }): Promise<Findings> => {
    try {
      const path = await policyFile(component, policy, files);
      if (policy.type !== 'jsonschema') return { errors: [], warnings: [] };
      return await violations(component, { ...policy, path }, files);
    } catch (error) {
      if (!(error instanceof AtmosError)) throw error;
      return { errors: [error, ...error.others], warnings: [] };
    }
  });
  return { errors: found.flatMap(({ errors }) => errors), warnings: found.flatMap(({ warnings }) => warnings) };
}

/** The file of a policy, relative to the root. @throws AtmosError `missing-policy` */
export async function policyFile(component: ScopedComponent, { name, paths, modules }: Policy, files: ConfigFiles): Promise<string> {
  for (const path of modules) {
    if ((await files.read(path).catch(() => undefined)) !== undefined || (await files.list(path)).length > 0) continue;
    throw errorAt(
      placeIn(component, ['settings', 'validation', name, 'module_paths']),
      `${component.address}: there is nothing in ${path}, which the policy "${name}" names`,
      { code: 'missing-policy', hint: 'a path is relative to schemas.opa.base_path of atmos.yaml' },
    );
  }
  for (const path of paths) if ((await files.read(path)) !== undefined) return path;
  throw errorAt(
    placeIn(component, ['settings', 'validation', name, 'schema_path']),
    `${component.address}: file of policy "${name}" not found: ${paths.join(', ')}`,
    { code: 'missing-policy', hint: 'a path is relative to the root, or to schemas.<type>.base_path of atmos.yaml' },
  );
}

/** An error of a component that does not keep to a policy. `path` is where the value stands, if it is one. */
export function violation(component: ScopedComponent, policy: Policy, text: string, path: readonly string[] = []): AtmosError {
  const [section] = path;
  const place = section !== undefined && Object.hasOwn(component.sections, section) ? placeIn(component, path) : undefined;
  return errorAt(
    place ?? placeIn(component, ['settings', 'validation', policy.name]),
    `${component.address}: ${text} (policy "${policy.name}")`,
    {
      kind: 'refused',
      code: 'policy-violation',
      hint: `policy file: ${policy.paths.at(-1) ?? ''}`,
    },
  );
}

/** An error of a policy that can't be read. */
export function invalidPolicy(component: ScopedComponent, { name }: Policy, text: string): AtmosError {
  const place = placeIn(component, ['settings', 'validation', name]);
  return errorAt(place, `${component.address}: the policy "${name}" is invalid: ${text}`, { code: 'invalid-policy' });
}

async function violations(component: ScopedComponent, policy: Policy & { readonly path: string }, files: ConfigFiles): Promise<Findings> {
  const { validateWith } = await import('./json-schema.ts');
  const read = async (path: string): Promise<JsonObject | boolean> => {
    const bytes = await files.read(path);
    const invalid = (why: string): AtmosError =>
      new AtmosError(`${path} is not a valid JSON Schema: ${why}`, { kind: 'invalid', code: 'invalid-schema', position: undefined });
    if (bytes === undefined) throw invalid('there is no such file');
    try {
      const schema: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (isObject(schema) || typeof schema === 'boolean') return schema as JsonObject | boolean;
    } catch (error) {
      throw invalid((error as Error).message);
    }
    throw invalid('it must be an object');
  };
  const { input, hidden } = knownInput(component);
  const long = longNumber(input);
  if (long !== undefined && isNumeric(await read(policy.path))) {
    throw errorAt(
      placeIn(component, long),
      `${component.address}: ${long.join('.')}: number too large for JSON Schema validation (policy "${policy.name}")`,
      {
        code: 'not-supported',
        hint: 'check it by Rego: schema_type: opa',
      },
    );
  }
  // Its numbers as numbers.
  const data: unknown = JSON.parse(canonicalJson(input));
  const { violations: found, undecided } = await validateWith({ path: policy.path, read, data, hidden });
  const textOf = ({ path, message }: SchemaViolation): string => `${path.length === 0 ? 'it' : path.join('.')} ${message}`;
  return {
    errors: found.map((one) => violation(component, policy, textOf(one), one.path)),
    warnings: undecided.map((one) => {
      const text = `${component.address}: policy "${policy.name}" can only be checked after apply: ${textOf(one)}`;
      return errorAt(placeIn(component, ['settings', 'validation', policy.name]), text, { code: 'policy-undecided' });
    }),
  };
}

/** Where a number stands that is none of JavaScript's. */
function longNumber(value: unknown, path: readonly string[] = []): readonly string[] | undefined {
  if (isRawNumber(value)) return path;
  if (!isObject(value) && !Array.isArray(value)) return undefined;
  for (const [key, below] of Object.entries(value)) {
    const found = longNumber(below, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a schema compares numbers. */
function isNumeric(schema: unknown): boolean {
  if (typeof schema === 'number') return true;
  return (isObject(schema) || Array.isArray(schema)) && Object.values(schema).some(isNumeric);
}
