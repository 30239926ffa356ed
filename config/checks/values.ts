import { type AtmosError, allSettled, isObject } from '../../engine/index.ts';
import { errorAt } from '../../yaml/index.ts';
import { isDeferred } from '../deferred/deferred.ts';
import { misspelt, nearest } from '../model/nearest.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import type { ModuleSource } from '../project/config-source.ts';
import { withGenerated } from '../terraform/generated.ts';
import { inspectModule } from '../terraform/module.ts';
import { ownVarsOf, placeIn } from '../values/origins.ts';

/** What a template of Go prints for what is not there. */
const NO_VALUE = '<no value>';

/**
 * What Atmos and Terraform take, and hardly anybody means: values of templates that lack something, variables and context that differ by one letter from what
 * a module declares.
 */
export async function warningsOf(scope: Scope, source: ModuleSource): Promise<readonly AtmosError[]> {
  const components = Object.values(scope.components);
  const declared = await declaredBy(components, source);
  const all = declared.flat();
  return [
    ...components.flatMap((component, index) => [
      ...lackingIn(component),
      ...(scope.templated ? [] : unevaluatedIn(component)),
      ...misspeltIn(component, declared[index] ?? []),
    ]),
    ...Object.keys(scope.context).flatMap((key) => {
      const meant = misspelt(key, all);
      if (meant === undefined || Object.hasOwn(scope.context, meant)) return [];
      return [
        errorAt(undefined, `no module declares the context key "${key}" (target ${scope.target})`, {
          code: 'unused-context',
          hint: `did you mean "${meant}"?`,
        }),
      ];
    }),
  ];
}

/**
 * Variables that are set for one component and that its module does not declare. Terraform warns of them, too, when it plans; of those that are set for many
 * components at once nobody expects that each declares them.
 */
export async function undeclaredIn(scope: Scope, source: ModuleSource): Promise<readonly AtmosError[]> {
  const components = Object.values(scope.components).filter(({ spec }) => spec.isModule);
  const declared = await declaredBy(components, source);
  return components.flatMap((component, index) => {
    const names = declared[index] ?? [];
    // As they were evaluated: a function may have taken one away, a template may have named it.
    return Object.keys(varsOf(component))
      .filter((name) => ownVarsOf(component).has(name) && !names.includes(name) && meantBy(component, name, names) === undefined)
      .map((name) => undeclared(component, name, hintFor(name, names)));
  });
}

/** The variables that root modules declare, in the order of the components. */
function declaredBy(components: readonly ScopedComponent[], { files, cache }: ModuleSource): Promise<readonly (readonly string[])[]> {
  return allSettled(components, async (component) => {
    if (!component.spec.isModule) return [];
    const own = withGenerated(files, component.source, component.generated);
    return (await inspectModule({ files: own, cache }, component.source, component.sections.command)).variables;
  });
}

/** Sections whose texts Atmos takes for templates, where they are on. */
const TEMPLATED = ['vars', 'env', 'backend', 'providers'];

/** Texts that look like templates, where nothing evaluates these: in stacks. Those of the deployment file, where the component is declared, are always on. */
function unevaluatedIn(component: ScopedComponent): readonly AtmosError[] {
  const declared = placeIn(component, [''])?.document;
  return TEMPLATED.flatMap((section) =>
    pathsOf(component.sections[section], [section], (text) => /\{\{.*\}\}/s.test(text)).flatMap((path) => {
      const place = placeIn(component, path);
      if (place?.document === declared) return [];
      const text = `${component.address}: ${path.join('.')} has a template, but templates are disabled: it is used as written`;
      return [
        errorAt(place, text, { code: 'templates-off', hint: 'enable them in atmos.yaml: templates: { settings: { enabled: true } }' }),
      ];
    }),
  );
}

/** Where texts of a kind stand. */
function pathsOf(value: unknown, path: readonly string[], test: (text: string) => boolean): readonly (readonly string[])[] {
  if (typeof value === 'string') return test(value) ? [path] : [];
  if ((!isObject(value) && !Array.isArray(value)) || isDeferred(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => pathsOf(below, [...path, key], test));
}

/** Values with what a template printed in place of something that is not there. */
function lackingIn(component: ScopedComponent): readonly AtmosError[] {
  return TEMPLATED.flatMap((section) =>
    pathsOf(component.sections[section], [section], (text) => text.includes(NO_VALUE)).map((path) =>
      errorAt(
        placeIn(component, path),
        `${component.address}: ${path.join('.')} has "${NO_VALUE}": the template references an undefined value`,
        {
          code: 'no-value',
          hint: 'set that value, or give a default: {{ .vars.name | default "…" }}',
        },
      ),
    ),
  );
}

/** Variables that the module does not declare, and that differ by one letter from one that it does and that has no value. */
function misspeltIn(component: ScopedComponent, declared: readonly string[]): readonly AtmosError[] {
  return Object.keys(varsOf(component)).flatMap((name) => {
    const meant = meantBy(component, name, declared);
    return meant === undefined ? [] : [undeclared(component, name, `did you mean "${meant}"?`)];
  });
}

function meantBy(component: ScopedComponent, name: string, declared: readonly string[]): string | undefined {
  if (declared.includes(name)) return undefined;
  const vars = varsOf(component);
  return misspelt(
    name,
    declared.filter((one) => !Object.hasOwn(vars, one)),
  );
}

function hintFor(name: string, declared: readonly string[]): string {
  const meant = nearest(name, declared);
  return `Terraform ignores it; only templates read it${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function undeclared(component: ScopedComponent, name: string, hint: string): AtmosError {
  return errorAt(placeIn(component, ['vars', name]), `${component.address}: its module does not declare the variable "${name}"`, {
    code: 'undeclared-variable',
    hint,
  });
}

function varsOf({ sections }: ScopedComponent): Readonly<Record<string, unknown>> {
  return isObject(sections.vars) ? sections.vars : {};
}
