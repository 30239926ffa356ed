import { AtmosError, isObject } from '../../engine/index.ts';
import { FUNCTIONS, parseTemplate, render, TemplateError, type Value } from '../../gotemplate/index.ts';
import { errorAt, type LocatedMap, member, type Place, textOf } from '../../yaml/index.ts';
import { nearest } from '../model/nearest.ts';
import type { Project } from '../project/project.ts';
import { lazily, templateData } from '../templates/template-data.ts';
import type { MergedComponent } from './component.ts';
import type { Manifest } from './manifest.ts';

/** Where a stack's name comes from. */
export interface NameSource {
  /** `undefined` where the deployment declares no stacks. */
  readonly manifest: Manifest | undefined;
  readonly target: string;
}

/**
 * The name of the stack that a component is in, whose sections are `data`: what the manifest calls itself, else by `name_template` or `name_pattern` of `atmos.yaml`. The
 * target's name where neither is set, or no stacks are declared.
 * @throws AtmosError `stack-name` when these need a value that is not set.
 */
export function stackName(
  { stacks }: Pick<Project, 'stacks'>,
  data: Readonly<Record<string, Value>>,
  { manifest, target }: NameSource,
): string {
  const own = textOf(member(manifest?.root, 'name'), '"name"');
  if (own !== undefined) return own;
  if (manifest === undefined) return target;
  // The value is missing in the stacks: that is where it is to be set.
  const where = manifest.root.entries.get('vars')?.keyAt ?? manifest.root.at;
  if (stacks.nameTemplate !== undefined) return templateName(stacks.nameTemplate, data, where);
  const vars = isObject(data.vars) ? data.vars : {};
  return (stacks.namePattern ?? target).replaceAll(/\{(\w+)\}/g, (token, key: string) => {
    const value = vars[key];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw errorAt(where, `stacks.name_pattern of atmos.yaml needs ${token}, and vars.${key} is not set for this component`, {
      code: 'stack-name',
      hint: `set vars.${key} in the stacks that the deployment declares`,
    });
  });
}

/** The name that a manifest has of its own, by itself or by what it says under `vars`; `undefined` for one that others import, a catalog. */
export function ownName({ stacks }: Project, root: LocatedMap | undefined): string | undefined {
  const own = textOf(member(root, 'name'), '"name"');
  if (own !== undefined || root === undefined) return own;
  const empty = ['vars', 'settings', 'env'].map((key) => [key, () => ({})] as const);
  const data = lazily(new Map([...empty, ...[...root.entries].map(([key, { value }]) => [key, () => templateData(value) ?? {}] as const)]));
  try {
    if (stacks.nameTemplate === undefined && stacks.namePattern === undefined) return undefined;
    return stackName({ stacks }, data, { manifest: { root, overrides: new Map(), name: '' }, target: '' });
  } catch (error) {
    if (error instanceof AtmosError && error.code === 'stack-name') return undefined;
    throw error;
  }
}

function templateName(template: string, data: Value, at: Place): string {
  try {
    const name = render(parseTemplate(template), data, { functions: FUNCTIONS, missingKey: 'default' });
    if (!name.includes('<no value>')) return name;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(at, `stacks.name_template of atmos.yaml: ${error.message}`, { code: 'stack-name', cause: error });
  }
  const [missing, known] = missingIn(template, data);
  const meant = missing === undefined ? undefined : nearest(missing.split('.').at(-1) ?? '', known);
  const what = missing === undefined ? 'uses a value that is' : `needs ${missing}, which is`;
  throw errorAt(at, `stacks.name_template of atmos.yaml (${template}) ${what} not set for this component`, {
    code: 'stack-name',
    hint: meant === undefined ? 'set it under "vars" of the stacks that the deployment declares' : `did you mean "${meant}"?`,
  });
}

/** The first field that a template reads and that there is not, and what there is in its place. */
function missingIn(template: string, data: Value): readonly [field: string | undefined, known: readonly string[]] {
  for (const [field] of template.matchAll(/(?<![\w)"`])\.[A-Za-z_][\w.]*/g)) {
    let value: unknown = data;
    for (const key of field.slice(1).split('.')) {
      if (!isObject(value)) break;
      if (!Object.hasOwn(value, key)) return [field, Object.keys(value)];
      value = value[key];
    }
  }
  return [undefined, []];
}

/** What may stand in braces in a workspace's pattern, of `vars`; what is not set is nothing there. */
const CONTEXT = ['namespace', 'tenant', 'environment', 'region', 'stage'];

export interface WorkspaceSource {
  readonly stack: string;
  readonly name: string;
  readonly backendType: string;
  /** The component's sections, as templates see them. */
  readonly data: Readonly<Record<string, Value>>;
  /** Whether texts of stacks are templates. */
  readonly isTemplated: boolean;
}

/**
 * The Terraform workspace: what `metadata` says (a template, else a pattern, else a name), else the stack; with the component's name where its root module has
 * another one.
 * @throws AtmosError `workspace-name`
 */
export function workspaceOf(component: MergedComponent, source: WorkspaceSource): string {
  if (source.backendType === 'http') return 'default';
  return chosenWorkspace(component, source).replaceAll('/', '-');
}

function chosenWorkspace({ metadata, module }: MergedComponent, { stack, name, data, isTemplated }: WorkspaceSource): string {
  const said = (key: string): string | undefined => {
    const text = textOf(member(metadata, key), `"metadata.${key}"`);
    return isTemplated && text?.includes('{{') === true ? renderName(text, data, metadata?.at, key) : text;
  };
  const template = said('terraform_workspace_template');
  if (template !== undefined) return renderName(template, data, metadata?.at, 'terraform_workspace_template');
  const pattern = said('terraform_workspace_pattern');
  if (pattern !== undefined) return fromPattern(pattern, { data, name, module });
  return said('terraform_workspace') ?? (module === undefined || module === name ? stack : `${stack}-${name}`);
}

function fromPattern(
  pattern: string,
  { data, name, module }: { readonly data: WorkspaceSource['data']; readonly name: string; readonly module: string | undefined },
): string {
  const vars = isObject(data.vars) ? data.vars : {};
  const attributes = Array.isArray(vars.attributes) ? vars.attributes.map(String).join('-') : '';
  const known: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(CONTEXT.map((key) => [key, ''])),
    ...vars,
    attributes,
    component: name,
    'base-component': module ?? '',
  };
  return pattern.replaceAll(/\{([\w-]+)\}/g, (token, key: string) => String(known[key] ?? token));
}

/** A name that a template of `metadata` gives. @throws AtmosError `workspace-name` */
export function renderName(template: string, data: Value, at: Place | undefined, key: string): string {
  try {
    return render(parseTemplate(template), data, { functions: FUNCTIONS, missingKey: 'default' });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(at, `metadata.${key}: ${error.message}`, { code: 'workspace-name', cause: error });
  }
}
