import { join } from 'node:path/posix';
import { isWorkspaceName, type Json, type JsonObject } from '../engine/index.ts';
import { atmosFunctions } from './atmos-functions.ts';
import { dataSources, environmentFunctions, templateData } from './component-data.ts';
import { dependenciesOf } from './dependencies.ts';
import { type EvaluationContext, evaluate, evaluateText } from './evaluate.ts';
import type { ConfigFiles } from './files.ts';
import { generatedFiles } from './generated.ts';
import { hooksIn } from './hooks.ts';
import { noteOrigins, placeOfPath } from './origins.ts';
import { leavesRepository } from './paths.ts';
import { policiesIn } from './policies.ts';
import type { Project } from './project.ts';
import type { Kind, ScopedComponent } from './scope.ts';
import { type Referring, takeReferences } from './secret-references.ts';
import { sectionProblems } from './section-problems.ts';
import type { Siblings } from './siblings.ts';
import { type Backend, backendOf, remoteStateOf } from './stacks/backend.ts';
import { type ComponentLayers, type MergedComponent, mergeComponent } from './stacks/component.ts';
import { stackName, workspaceOf } from './stacks/names.ts';
import { HELM_SECTIONS, SECTIONS } from './stacks/sections.ts';
import type { Value } from './templates/index.ts';
import { checkTerraformEnv } from './terraform-env.ts';
import { inspectModule } from './terraform-module.ts';
import type { TextCache } from './text-cache.ts';
import {
  templateData as dataOf,
  type Entry,
  errorAt,
  type Located,
  type LocatedMap,
  lazily,
  mapOf,
  member,
  type Place,
  plain,
  textOf,
} from './yaml/located.ts';
import { merger } from './yaml/merge.ts';

export interface ComponentRequest extends ComponentLayers {
  readonly kind: Kind;
  readonly name: string;
  /** Where the deployment file names it. */
  readonly at: Place;
  readonly project: Project;
  readonly target: string;
  /** The merged context, for declared inputs. */
  readonly context: LocatedMap | undefined;
  /** All but the dot, which is the component's own. */
  readonly evaluation: EvaluationContext;
  /** For the inputs that root modules declare. */
  readonly files: ConfigFiles;
  readonly cache: TextCache | undefined;
  /** The target's components, for templates that read of them. */
  readonly siblings: Siblings;
}

/**
 * Merges one component of a scope and returns what evaluates it, which others may ask for as well.
 * @throws AtmosError with the place of what is wrong; so does what is returned.
 */
export async function prepareComponent(request: ComponentRequest): Promise<() => ScopedComponent> {
  const { kind, name, project, at } = request;
  const { history } = request.evaluation;
  const merged = mergeComponent(kind, name, request, {
    strategy: project.listMergeStrategy,
    mergerOf: (strategy, options) => merger(strategy, { ...options, history }),
    inherit: project.stacks.inherit,
    defaults: project.defaults,
  });
  const path = merged.module ?? name;
  const root = join(project.components[kind].basePath, path);
  if (leavesRepository(root, request.files.above))
    throw errorAt(at, `${kind}/${name}: ${path} is not in the repository`, { code: 'path-escape' });
  const type = member(merged.metadata, 'type');
  if (plain(type) === 'abstract') {
    throw errorAt(at, `${kind}/${name} is abstract: it is there for others to inherit from`, {
      code: 'abstract-component',
      hint: 'name a component that inherits from it',
    });
  }
  const layers = [merged.stacks, await contextLayer(merged, root, request), merged.overlay];
  const unevaluated: LocatedMap = merged.lay(layers) ?? { kind: 'map', entries: new Map(), at };
  const { workspacesEnabled, prefixSeparator } = project.components[kind];
  const backend = backendOf(unevaluated, {
    prefix: textOf(member(merged.metadata, 'name'), '"metadata.name"') ?? merged.component,
    separator: prefixSeparator,
    own: merged.ownBackend,
  });
  const given = lazily([...unevaluated.entries].map(([key, { value }]) => [key, () => dataOf(value) ?? {}]));
  const stack = stackName(project, given, request);
  request.evaluation.places.put(`${kind}/${name}`, stack, given.vars);
  if (plain(member(merged.metadata, 'enabled')) !== false) {
    const hooks = plain(member(unevaluated, 'hooks')) as Json | undefined;
    request.evaluation.stored.put(`${kind}/${name}`, hooksIn({ kind, name, stack, hooks, stores: project.stores, placeOf: () => at }).list);
  }
  const naming = { stack, name, backendType: backend.type, data: given, isTemplated: project.templates.settings.enabled };
  const workspace = kind !== 'terraform' ? undefined : workspacesEnabled ? workspaceOf(merged, naming) : 'default';
  if (workspace !== undefined && !isWorkspaceName(workspace)) {
    throw errorAt(merged.metadata?.at ?? at, `${kind}/${name}: Terraform can't have a workspace called "${workspace}"`, {
      code: 'workspace-name',
      hint: 'letters, digits, and - _ . may be in it: set metadata.terraform_workspace',
    });
  }
  return () => evaluateComponent(request, { merged, root, unevaluated, given, backend, stack, workspace });
}

/** A component as its layers were merged. */
export interface Prepared {
  readonly merged: MergedComponent;
  readonly root: string;
  readonly unevaluated: LocatedMap;
  /** The same as templates see it. */
  readonly given: Readonly<Record<string, Value>>;
  readonly backend: Backend;
  readonly stack: string;
  readonly workspace: string | undefined;
}

function evaluateComponent(request: ComponentRequest, prepared: Prepared): ScopedComponent {
  const { merged, root, backend, stack, workspace } = prepared;
  const { kind, name, project, at } = request;
  const data = templateData(request, prepared);
  const sources = dataSources(prepared.unevaluated, request);
  const functions = {
    ...request.evaluation.functions,
    ...environmentFunctions(prepared.unevaluated, request),
    ...sources,
    ...atmosFunctions(request.siblings, {
      stack,
      places: request.evaluation.places,
      at,
      sources,
      call: (text) => evaluateText(text, at, context),
    }),
  };
  const context: EvaluationContext = { ...request.evaluation, data, functions, merger: merged.merger };
  const none: Referring = { sections: prepared.unevaluated, secrets: {} };
  const { sections: unevaluated, secrets } = kind === 'terraform' ? takeReferences(prepared.unevaluated, context) : none;
  const sections: Record<string, Json> = { vars: {} };
  const written: [string, Located][] = [];
  const add = (section: string, value: Located): void => {
    sections[section] = evaluate(value, context);
    written.push([section, value]);
  };
  for (const section of [...SECTIONS, ...HELM_SECTIONS]) {
    const value = section === 'backend' ? backend.section : section === 'remote_state_backend' ? undefined : member(unevaluated, section);
    if (value !== undefined) add(section, value);
  }
  if (kind === 'terraform') {
    const names = Object.fromEntries(Object.keys(secrets).map((variable) => [variable, null]));
    checkTerraformEnv(
      `${kind}/${name}`,
      { ...(sections.env as JsonObject), ...names },
      mapOf(member(prepared.unevaluated, 'env'), '"env"'),
    );
    const remote = remoteStateOf(unevaluated, backend, merged.merger);
    if (remote.section !== undefined) add('remote_state_backend', remote.section);
    Object.assign(sections, {
      ...(backend.type === '' ? {} : { backend_type: backend.type }),
      backend: sections.backend ?? {},
      ...(remote.type === '' ? {} : { remote_state_backend_type: remote.type }),
      workspace,
    });
  }
  const command = sections.command ?? project.components[kind].command;
  if (command !== undefined) sections.command = command;
  if (merged.metadata === undefined) sections.metadata = {};
  else add('metadata', merged.metadata);
  const overrides = merged.overrides === undefined ? {} : { overrides: plain(merged.overrides) };
  const all: JsonObject = { ...sections, ...overrides, component: merged.component, inheritance: merged.inheritance };
  const placeOf = (path: readonly string[]): Place => placeOfPath(written, at, path);
  const generated =
    kind === 'terraform'
      ? generatedFiles({
          address: `${kind}/${name}`,
          sections: all,
          data: () => ({ ...(data as Readonly<Record<string, Value>>), ...(all as Readonly<Record<string, Value>>) }),
          functions,
          placeOf,
        })
      : { files: {}, errors: [] };
  const policies = policiesIn({ address: `${kind}/${name}`, sections: all, project, above: request.files.above, placeOf });
  const hooks = hooksIn({ kind, name, stack, hooks: all.hooks, stores: project.stores, placeOf });
  const problems = [
    ...policies.errors,
    ...hooks.errors,
    ...sectionProblems({ address: `${kind}/${name}`, unevaluated: prepared.unevaluated, sections: all, placeOf }),
    ...generated.errors,
  ];
  const component: ScopedComponent = {
    address: `${kind}/${name}`,
    kind,
    name,
    source: kind === 'nixpack' ? serviceDir(all, name, at) : root,
    sections: all,
    dependsOn: dependenciesOf({
      kind,
      name,
      stack,
      metadata: merged.metadata,
      sections: all,
      components: request.evaluation.components,
      places: request.evaluation.places,
    }),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    ...(problems.length === 0 ? {} : { problems }),
    ...(hooks.list.length === 0 ? {} : { hooks: hooks.list }),
    ...(policies.list.length === 0
      ? {}
      : { policies: { component: name, stack, manifest: request.manifest?.name ?? '', list: policies.list } }),
    ...(Object.keys(generated.files).length === 0 ? {} : { generated: generated.files }),
  };
  noteOrigins(component, at, written, context);
  return component;
}

/** The part of the context that a root module declares as inputs, as the layer that it is merged as: over the stacks, under the overlay. */
async function contextLayer(merged: MergedComponent, root: string, request: ComponentRequest): Promise<LocatedMap | undefined> {
  const { kind, context, files, cache } = request;
  if (kind !== 'terraform' || context === undefined || context.entries.size === 0) return undefined;
  const { variables } = await inspectModule(files, root, cache);
  // What the deployment file says of this very component wins whole: the context must not shine through its maps.
  const explicit = mapOf(member(merged.overlay, 'vars'), '"vars"');
  const declared = [...context.entries].filter(([key]) => variables.includes(key) && explicit?.entries.has(key) !== true);
  if (declared.length === 0) return undefined;
  const vars: Entry = { keyAt: context.at, value: { kind: 'map', entries: new Map(declared), at: context.at } };
  return { kind: 'map', entries: new Map([['vars', vars]]), at: context.at };
}

/** Where a service's source lies: `vars.source`, relative to the root. */
function serviceDir({ vars }: JsonObject, name: string, at: Place): string {
  const source = (vars as JsonObject).source;
  if (typeof source !== 'string' || source === '') {
    throw errorAt(at, `nixpack/${name} does not say where its source is`, { code: 'missing-key', hint: 'add vars.source: ./services/…' });
  }
  const dir = join(source).replace(/\/$/, '');
  if (dir === '..' || dir.startsWith('../') || dir.startsWith('/')) {
    throw errorAt(at, `nixpack/${name}: ${source} is not in the repository`, { code: 'path-escape' });
  }
  return dir;
}
