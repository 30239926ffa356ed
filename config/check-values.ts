import { type AtmosError, isObject, together } from '../engine/index.ts';
import type { ConfigFiles } from './files.ts';
import { withGenerated } from './generated.ts';
import { misspelt } from './nearest.ts';
import { placeIn } from './origins.ts';
import type { Scope, ScopedComponent } from './scope.ts';
import { inspectModule } from './terraform-module.ts';
import type { TextCache } from './text-cache.ts';
import { errorAt } from './yaml/located.ts';

/** What a template of Go prints for what is not there. */
const NO_VALUE = '<no value>';

/**
 * What Atmos and Terraform take, and hardly anybody means: values of templates that lack something, variables and context that differ by one letter from what
 * a module declares.
 */
export async function warningsOf(scope: Scope, files: ConfigFiles, cache?: TextCache): Promise<readonly AtmosError[]> {
  const components = Object.values(scope.components);
  const declared = await together(components, async (component) => {
    if (component.kind !== 'terraform') return [];
    const own = withGenerated(files, component.source, component.generated);
    return (await inspectModule(own, component.source, cache)).variables;
  });
  const all = declared.flat();
  return [
    ...components.flatMap((component, index) => [...lackingIn(component), ...misspeltIn(component, declared[index] ?? [])]),
    ...Object.keys(scope.context).flatMap((key) => {
      const meant = misspelt(key, all);
      if (meant === undefined || Object.hasOwn(scope.context, meant)) return [];
      return [
        errorAt(undefined, `no module declares "${key}" of the context of target ${scope.target}`, {
          code: 'unused-context',
          hint: `did you mean "${meant}"?`,
        }),
      ];
    }),
  ];
}

/** Values with what a template printed in place of something that is not there. */
function lackingIn(component: ScopedComponent): readonly AtmosError[] {
  const found = (value: unknown, path: readonly string[]): readonly (readonly string[])[] => {
    if (typeof value === 'string') return value.includes(NO_VALUE) ? [path] : [];
    if (!isObject(value) && !Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([key, below]) => found(below, [...path, key]));
  };
  return ['vars', 'env', 'backend', 'providers'].flatMap((section) =>
    found(component.sections[section], [section]).map((path) =>
      errorAt(placeIn(component, path), `${component.address}: ${path.join('.')} has "${NO_VALUE}": its template reads what is not there`, {
        code: 'no-value',
        hint: 'set what it reads, or say what stands for it: {{ .vars.name | default "…" }}',
      }),
    ),
  );
}

/** Variables that the module does not declare, and that differ by one letter from one that it does and that has no value. */
function misspeltIn(component: ScopedComponent, declared: readonly string[]): readonly AtmosError[] {
  const vars = isObject(component.sections.vars) ? Object.keys(component.sections.vars) : [];
  return vars.flatMap((name) => {
    const meant = declared.includes(name)
      ? undefined
      : misspelt(
          name,
          declared.filter((one) => !vars.includes(one)),
        );
    if (meant === undefined) return [];
    const text = `${component.address}: its module does not declare the variable "${name}"`;
    return [errorAt(placeIn(component, ['vars', name]), text, { code: 'undeclared-variable', hint: `did you mean "${meant}"?` })];
  });
}
