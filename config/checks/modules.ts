import { dirname } from 'node:path/posix';
import { AtmosError, allSettled, isObject, isRawNumber, type Json, type JsonObject } from '../../engine/index.ts';
import { errorAt } from '../../yaml/index.ts';
import { isDeferred, needsOf } from '../deferred/deferred.ts';
import { nearest, suggestion } from '../model/nearest.ts';
import type { Scope, ScopedComponent } from '../model/scope.ts';
import type { ModuleSource } from '../project/config-source.ts';
import type { ConfigFiles } from '../source/files.ts';
import { withGenerated } from '../terraform/generated.ts';
import { inspectModule, type TerraformModule } from '../terraform/module.ts';
import { ownValues } from '../terraform/own-values.ts';
import { placeIn } from '../values/origins.ts';

interface Checked {
  readonly component: ScopedComponent;
  readonly module: TerraformModule;
}

/**
 * What Terraform would refuse half-way through a rollout, and can be told before anything runs: root modules that are not there or don't hold, variables that
 * have no value or one of another kind, outputs that are read and not declared.
 */
export async function moduleProblems(scope: Scope, { files, cache }: ModuleSource): Promise<readonly AtmosError[]> {
  const errors: AtmosError[] = [];
  const components = Object.values(scope.components).filter(({ spec }) => spec.isModule);
  const found = await allSettled(components, async (component): Promise<Checked | undefined> => {
    try {
      const own = withGenerated(files, component.source, component.generated);
      const module = await inspectModule({ files: own, cache }, component.source, component.sections.command);
      if (!(await isModule(own, component.source))) {
        errors.push(await missingModule(files, component));
        return undefined;
      }
      const backend = backendOfItsOwn(component, module);
      if (backend !== undefined) errors.push(backend);
      errors.push(...hookProblems(component, module));
      errors.push(...valueProblems(component, module), ...(await missingValues(own, component, module, scope)));
      return { component, module };
    } catch (error) {
      if (!(error instanceof AtmosError)) throw error;
      errors.push(error);
      return undefined;
    }
  });
  const checked = found.filter((one) => one !== undefined);
  const outputs = new Map(checked.map(({ component, module }) => [component.address, module.outputs]));
  for (const component of Object.values(scope.components)) {
    const declared = declaredOutputs(component);
    if (declared !== undefined) outputs.set(component.address, declared);
  }
  return [...errors, ...Object.values(scope.components).flatMap((component) => outputProblems(component, outputs))];
}

/** The stack says where the state is: a block in the source would say it a second time. */
export function backendOfItsOwn(component: ScopedComponent, { backend }: TerraformModule): AtmosError | undefined {
  if (backend === undefined) return undefined;
  const { type, file, line, text } = backend;
  return new AtmosError(`${component.address}: the module must not contain a ${type === 'cloud' ? '"cloud"' : `"${type}" backend`} block`, {
    kind: 'invalid',
    code: 'backend-in-source',
    position: {
      file,
      line,
      column: text.length - text.trimStart().length + 1,
      length: text.trim().length,
      excerpt: { first: line, lines: [text] },
    },
    hint: 'remove it: the backend comes from the stacks (backend_type, backend)',
  });
}

async function isModule(files: ConfigFiles, dir: string): Promise<boolean> {
  return (await files.list(dir)).some((path) => /\.(tf|tofu)(\.json)?$/.test(path) && !path.slice(dir.length + 1).includes('/'));
}

/** @throws AtmosError `link-outside`, `link-loop` */
async function missingModule(files: ConfigFiles, component: ScopedComponent): Promise<AtmosError> {
  const { address, source } = component;
  // A link that leads nowhere has no files, and is told as what it is.
  await files.read(source);
  const near = (await files.list(dirname(source))).filter((path) => path.endsWith('.tf')).map((path) => dirname(path));
  return errorAt(placeIn(component, ['metadata', 'component']), `${address}: there is no root module in ${source}`, {
    code: 'no-source',
    hint: suggestion(source, [...new Set(near)], `directories with modules below ${dirname(source)}`),
  });
}

/** Variables that must have a value, and have none. */
async function missingValues(
  files: ConfigFiles,
  component: ScopedComponent,
  { variables, required }: TerraformModule,
  scope: Scope,
): Promise<readonly AtmosError[]> {
  const { address, sections, secrets = {} } = component;
  const vars = objectIn(sections.vars);
  const inEnvironment = [...Object.keys(objectIn(sections.env)), ...Object.keys(secrets), ...Object.keys(scope.secrets)]
    .filter((name) => name.startsWith('TF_VAR_'))
    .map((name) => name.slice('TF_VAR_'.length));
  const given = new Set([...Object.keys(vars), ...inEnvironment]);
  const open = required.filter((name) => !given.has(name));
  if (open.length === 0) return [];
  const own = await ownValues(files, component.source);
  const undeclared = Object.keys(vars).filter((name) => !variables.includes(name));
  return open
    .filter((name) => !own.has(name))
    .map((name) => {
      const meant = nearest(name, undeclared);
      const written = meant === undefined ? '' : `; "${meant}" is not one of its variables`;
      return errorAt(
        placeIn(component, meant === undefined ? ['vars'] : ['vars', meant]),
        `${address}: the variable "${name}" has no value${written}`,
        {
          code: 'missing-variable',
          hint: meant === undefined ? `set it: vars: { ${name}: … }` : `did you mean "${name}"?`,
        },
      );
    });
}

/** By the kind that a variable declares, what its value may be in JSON: Terraform converts texts, numbers and truth values into one another. */
const KINDS: Readonly<Record<string, { readonly what: string; readonly fits: (value: Json) => boolean }>> = {
  string: { what: 'a string', fits: (value) => !isCollection(value) },
  number: { what: 'a number', fits: (value) => isNumber(value) || (typeof value === 'string' && /^\s*[-+]?(\d|\.\d)/.test(value)) },
  bool: { what: 'true or false', fits: (value) => typeof value === 'boolean' || value === 'true' || value === 'false' },
  list: { what: 'a list', fits: Array.isArray },
  set: { what: 'a list', fits: Array.isArray },
  tuple: { what: 'a list', fits: Array.isArray },
  map: { what: 'a map', fits: (value) => isCollection(value) && !Array.isArray(value) },
  object: { what: 'a map', fits: (value) => isCollection(value) && !Array.isArray(value) },
};

function isCollection(value: Json): boolean {
  return Array.isArray(value) || (isObject(value) && !isRawNumber(value));
}

/** One of many digits is none of JavaScript's. */
function isNumber(value: Json): boolean {
  return typeof value === 'number' || isRawNumber(value);
}

function valueProblems(component: ScopedComponent, { variableTypes }: TerraformModule): readonly AtmosError[] {
  return Object.entries(objectIn(component.sections.vars)).flatMap(([name, value]) => {
    const kind = KINDS[variableTypes[name] ?? ''];
    if (kind === undefined || value === null || isDeferred(value) || kind.fits(value)) return [];
    return [
      errorAt(placeIn(component, ['vars', name]), `${component.address}: the variable "${name}" must be ${kind.what}`, {
        code: 'wrong-type',
        hint: `its module declares type ${variableTypes[name]}, got ${Array.isArray(value) ? 'a list' : isCollection(value) ? 'a map' : JSON.stringify(value)}`,
      }),
    ];
  });
}

/** Outputs that hooks put into stores, and that the module does not declare. */
function hookProblems(component: ScopedComponent, { outputs }: TerraformModule): readonly AtmosError[] {
  return (component.hooks ?? []).flatMap(({ name, values }) =>
    Object.entries(values).flatMap(([key, value]) => {
      if (!('output' in value) || outputs.includes(value.output)) return [];
      const place = placeIn(component, ['hooks', name, 'outputs', key.slice(key.lastIndexOf('/') + 1)]);
      const text = `${component.address}: the hook "${name}" stores the output "${value.output}", which its module does not declare`;
      return [errorAt(place, text, { code: 'no-such-output', hint: suggestion(value.output, outputs, 'outputs') })];
    }),
  );
}

/** The outputs that a component's own settings declare, or that its kind has; `undefined` where its module says them, or they are fields of an image. */
function declaredOutputs({ spec, sections, problems }: ScopedComponent): readonly string[] | undefined {
  // Of one that is wrong itself, that is told.
  if (spec.isModule || spec.produces === 'image' || problems !== undefined) return undefined;
  if (spec.produces === 'outputs' && spec.outputs === undefined) return undefined;
  const settings = objectIn(objectIn(sections.settings)[spec.name]);
  const declared = spec.outputs === undefined ? [] : settings[spec.outputs];
  return Array.isArray(declared) ? declared.map(String) : [];
}

/** Outputs that are read of components that do not declare them. */
function outputProblems(component: ScopedComponent, all: ReadonlyMap<string, readonly string[]>): readonly AtmosError[] {
  return ['vars', 'env', 'providers', 'settings'].flatMap((section) =>
    Object.entries(objectIn(component.sections[section])).flatMap(([key, value]) =>
      needsOf(value).flatMap((need) => {
        const outputs = all.get(need.component);
        if (outputs === undefined || need.optional === true || outputs.includes(need.field)) return [];
        return [
          errorAt(
            placeIn(component, [section, key]),
            `${component.address} reads output "${need.field}", which ${need.component} does not declare`,
            {
              code: 'no-such-output',
              hint: suggestion(need.field, outputs, 'outputs'),
            },
          ),
        ];
      }),
    ),
  );
}

function objectIn(value: Json | undefined): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}
