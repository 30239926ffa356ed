import { AtmosError, canonicalJson, isObject, type Json, type JsonObject, together } from '../engine/index.ts';
import type { ConfigFiles } from './files.ts';
import { placeIn } from './origins.ts';
import { deferredIn, policyInput } from './policies.ts';
import type { Policies, Policy, Scope, ScopedComponent } from './scope.ts';
import { errorAt } from './yaml/located.ts';

/**
 * What of the policies of a target's components can be decided without running anything: whether their files are there, and JSON Schema. Rego runs in a
 * node.
 */
export async function policyProblems(scope: Scope, files: ConfigFiles): Promise<readonly AtmosError[]> {
  const found = await together(Object.values(scope.components), async (component) => {
    const { policies } = component;
    const all = await together(policies?.list ?? [], async (policy): Promise<readonly AtmosError[]> => {
      try {
        const path = await policyFile(component, policy, files);
        return policy.type === 'jsonschema' && policies !== undefined
          ? await violations(component, policies, { ...policy, path }, files)
          : [];
      } catch (error) {
        if (!(error instanceof AtmosError)) throw error;
        return [error, ...error.others];
      }
    });
    return all.flat();
  });
  return found.flat();
}

/** The file of a policy, relative to the root. @throws AtmosError `missing-policy` */
export async function policyFile(component: ScopedComponent, { name, paths }: Policy, files: Pick<ConfigFiles, 'read'>): Promise<string> {
  for (const path of paths) if ((await files.read(path)) !== undefined) return path;
  throw errorAt(
    placeIn(component, ['settings', 'validation', name, 'schema_path']),
    `${component.address}: there is no file of the policy "${name}": ${paths.join(', ')}`,
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
      hint: `what it asks for: ${policy.paths.at(-1) ?? ''}`,
    },
  );
}

/** An error of a policy that can't be read. */
export function invalidPolicy(component: ScopedComponent, { name }: Policy, text: string): AtmosError {
  const place = placeIn(component, ['settings', 'validation', name]);
  return errorAt(place, `${component.address}: the policy "${name}" is invalid: ${text}`, { code: 'invalid-policy' });
}

async function violations(
  component: ScopedComponent,
  policies: Policies,
  policy: Policy & { readonly path: string },
  files: ConfigFiles,
): Promise<readonly AtmosError[]> {
  const { validateWith } = await import('./json-schema.ts');
  const read = async (path: string): Promise<JsonObject | boolean> => {
    const bytes = await files.read(path);
    const invalid = (why: string): AtmosError =>
      new AtmosError(`${path} is not a JSON Schema: ${why}`, { kind: 'invalid', code: 'invalid-schema', position: undefined });
    if (bytes === undefined) throw invalid('there is no such file');
    try {
      const schema: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (isObject(schema) || typeof schema === 'boolean') return schema as JsonObject | boolean;
    } catch (error) {
      throw invalid((error as Error).message);
    }
    throw invalid('it must be an object');
  };
  // Its numbers as numbers.
  const data: unknown = JSON.parse(canonicalJson(policyInput(component.sections, policies)));
  const hidden = deferredIn(component.sections as Json);
  const found = await validateWith({ path: policy.path, read, data, hidden });
  return found.map(({ path, message }) => violation(component, policy, `${path.length === 0 ? 'it' : path.join('.')} ${message}`, path));
}
