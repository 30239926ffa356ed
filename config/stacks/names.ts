import { isObject, type Json } from '../../engine/index.ts';
import type { Project } from '../project.ts';
import { FUNCTIONS, parseTemplate, render, TemplateError, type Value } from '../templates/index.ts';
import { errorAt, member, type Place, textOf } from '../yaml/located.ts';
import type { MergedComponent } from './component.ts';
import type { Manifest } from './imports.ts';

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
export function stackName({ stacks }: Project, data: Readonly<Record<string, Value>>, { manifest, target }: NameSource): string {
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

function templateName(template: string, data: Value, at: Place): string {
  try {
    const name = render(parseTemplate(template), data, { functions: FUNCTIONS, missingKey: 'default' });
    if (!name.includes('<no value>')) return name;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(at, `stacks.name_template of atmos.yaml: ${error.message}`, { code: 'stack-name', cause: error });
  }
  throw errorAt(at, `stacks.name_template of atmos.yaml (${template}) uses a value that is not set for this component`, {
    code: 'stack-name',
    hint: 'set it under "vars" of the stacks that the deployment declares',
  });
}

/** The Terraform workspace: the component's name is part of it as soon as its root module is called otherwise. */
export function workspaceOf(
  { metadata, module }: MergedComponent,
  { stack, name, backendType, vars }: { stack: string; name: string; backendType: string; vars: () => Json },
): string {
  if (backendType === 'http') return 'default';
  const explicit = textOf(member(metadata, 'terraform_workspace'), '"metadata.terraform_workspace"');
  if (explicit !== undefined) return explicit;
  const pattern = textOf(member(metadata, 'terraform_workspace_pattern'), '"metadata.terraform_workspace_pattern"');
  if (pattern !== undefined) {
    const given = vars();
    const known: Readonly<Record<string, unknown>> = { ...(isObject(given) ? given : {}), component: name, 'base-component': module ?? '' };
    return pattern.replaceAll(/\{([\w-]+)\}/g, (token, key: string) => String(known[key] ?? token)).replaceAll('/', '-');
  }
  return (module === undefined ? stack : `${stack}-${name}`).replaceAll('/', '-');
}
