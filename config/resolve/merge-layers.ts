import { join } from 'node:path/posix';
import { type AtmosError, isWorkspaceName } from '../../engine/index.ts';
import type { Value } from '../../gotemplate/index.ts';
import {
  type Entry,
  errorAt,
  type LocatedMap,
  mapOf,
  member,
  merger,
  type Place,
  plain,
  type TextCache,
  textOf,
} from '../../yaml/index.ts';
import type { ComponentResolver } from '../evaluation/component-resolver.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import { kindIn, type Project } from '../project/project.ts';
import type { ConfigFiles } from '../source/files.ts';
import { leavesRepository } from '../source/paths.ts';
import { type Backend, backendOf } from '../stacks/backend.ts';
import { type ComponentLayers, type MergedComponent, mergeComponent } from '../stacks/component.ts';
import { renderName, stackName, workspaceOf } from '../stacks/names.ts';
import { SECTIONS, TEXT_SECTIONS } from '../stacks/sections.ts';
import { templateData as dataOf, lazily } from '../templates/template-data.ts';
import { inspectModule } from '../terraform/module.ts';

export interface ComponentRequest extends ComponentLayers {
  readonly kind: string;
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
  readonly siblings: ComponentResolver;
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
  /** What is wrong with it. */
  readonly wrongName: AtmosError | undefined;
}

/** Merges the layers of one component. Evaluates nothing. @throws AtmosError with the place of what is wrong */
export async function mergeLayers(request: ComponentRequest): Promise<Prepared> {
  const { kind, name, project, at } = request;
  const { history } = request.evaluation;
  const written = mergeComponent(kind, name, request, {
    strategy: project.listMergeStrategy,
    mergerOf: (strategy, options) => merger(strategy, { ...options, history }),
    inherit: project.stacks.inherit,
    defaults: project.defaults,
  });
  const merged = project.templates.settings.enabled ? withRendered(written) : written;
  const path = merged.module ?? name;
  const settings = kindIn(project, kind);
  const { spec } = settings;
  const root = join(settings.basePath, path);
  if (leavesRepository(root, request.files.above))
    throw errorAt(at, `${kind}/${name}: ${path} is not in the repository`, { code: 'path-escape' });
  const type = member(merged.metadata, 'type');
  if (plain(type) === 'abstract') {
    throw errorAt(at, `${kind}/${name} is abstract and can't be deployed`, {
      code: 'abstract-component',
      hint: 'name a component that inherits from it',
    });
  }
  const layers = [merged.stacks, await contextLayer(merged, root, request), merged.overlay];
  const unevaluated: LocatedMap = merged.lay(layers) ?? { kind: 'map', entries: new Map(), at };
  const { workspacesEnabled, prefixSeparator } = settings;
  const backend = backendOf(unevaluated, {
    prefix: textOf(member(merged.metadata, 'name'), '"metadata.name"') ?? merged.component,
    separator: prefixSeparator,
    own: merged.ownBackend,
  });
  const given = sectionData(unevaluated);
  const stack = stackName(project, given, request);
  const naming = { stack, name, backendType: backend.type, data: given, isTemplated: project.templates.settings.enabled };
  const workspace = !spec.isModule ? undefined : workspacesEnabled ? workspaceOf(merged, naming) : 'default';
  const wrongName =
    workspace === undefined || isWorkspaceName(workspace)
      ? undefined
      : errorAt(merged.metadata?.at ?? at, `${kind}/${name}: Terraform can't have a workspace called "${workspace}"`, {
          code: 'workspace-name',
          hint: 'use letters, digits and - _ . in metadata.terraform_workspace',
        });
  return { merged, root, unevaluated, given, backend, stack, workspace, wrongName };
}

/** The part of the context that a root module declares as inputs, as the layer that it is merged as: over the stacks, under the overlay. */
async function contextLayer(merged: MergedComponent, root: string, request: ComponentRequest): Promise<LocatedMap | undefined> {
  const { kind, context, files, cache } = request;
  if (!kindIn(request.project, kind).spec.isModule || context === undefined || context.entries.size === 0) return undefined;
  const { variables } = await inspectModule({ files, cache }, root);
  // What the deployment file says of this very component wins whole: the context must not shine through its maps.
  const explicit = mapOf(member(merged.overlay, 'vars'), '"vars"');
  const declared = [...context.entries].filter(([key]) => variables.includes(key) && explicit?.entries.has(key) !== true);
  if (declared.length === 0) return undefined;
  const vars: Entry = { keyAt: context.at, value: { kind: 'map', entries: new Map(declared), at: context.at } };
  return { kind: 'map', entries: new Map([['vars', vars]]), at: context.at };
}

/** Sections as templates see them; those that are not there are empty. */
function sectionData(sections: LocatedMap | undefined): Readonly<Record<string, Value>> {
  const empty = SECTIONS.filter((section) => !TEXT_SECTIONS.has(section)).map((section) => [section, () => ({})] as const);
  return lazily(
    new Map([...empty, ...[...(sections?.entries ?? [])].map(([key, { value }]) => [key, () => dataOf(value) ?? {}] as const)]),
  );
}

/** A component whose root module a template names. */
function withRendered(merged: MergedComponent): MergedComponent {
  const rendered = (text: string | undefined): string | undefined =>
    text?.includes('{{') === true ? renderName(text, sectionData(merged.stacks), merged.metadata?.at, 'component') : text;
  return { ...merged, module: rendered(merged.module), component: rendered(merged.component) ?? merged.component };
}
