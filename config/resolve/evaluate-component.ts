import { join } from 'node:path/posix';
import { isObject, type Json, type JsonObject } from '../../engine/index.ts';
import { GOMPLATE_ALONE, type Value } from '../../gotemplate/index.ts';
import { errorAt, type Located, type LocatedMap, mapOf, member, type Place, plain } from '../../yaml/index.ts';
import type { EvaluationContext } from '../evaluation/context.ts';
import type { ScopedComponent } from '../model/scope.ts';
import { kindIn } from '../project/project.ts';
import { remoteStateOf } from '../stacks/backend.ts';
import { HELM_SECTIONS, SECTIONS } from '../stacks/sections.ts';
import { checkTerraformEnv } from '../terraform/env.ts';
import { generatedFiles } from '../terraform/generated.ts';
import { atmosFunctions } from '../values/atmos-functions.ts';
import { evaluate, evaluateText } from '../values/evaluate.ts';
import { noteOrigins, placeOfPath } from '../values/origins.ts';
import { type Referring, takeReferences } from '../values/secret-references.ts';
import { dataSources, environmentFunctions, templateData } from './component-data.ts';
import { dependenciesOf } from './dependencies.ts';
import { hooksIn } from './hooks.ts';
import { kindProblems } from './kind-settings.ts';
import type { ComponentRequest, Prepared } from './merge-layers.ts';
import { policiesIn } from './policies.ts';
import { sectionProblems } from './section-problems.ts';

/** What a component's templates and functions know. */
export function contextOf(request: ComponentRequest, prepared: Prepared): { readonly context: EvaluationContext; readonly data: Value } {
  const { at, evaluation } = request;
  const data = templateData(request, prepared);
  const sources = dataSources(prepared.unevaluated, request);
  const functions = {
    ...(request.project.templates.settings.gomplateAlone ? GOMPLATE_ALONE : {}),
    ...evaluation.functions,
    ...environmentFunctions(prepared.unevaluated, request),
    ...sources,
    ...atmosFunctions(request.siblings, {
      stack: prepared.stack,
      places: evaluation.places,
      reads: evaluation.reads,
      at,
      sources,
      call: (text) => evaluateText(text, at, context),
    }),
  };
  const context: EvaluationContext = { ...evaluation, data, functions, merger: prepared.merged.merger };
  return { context, data };
}

/** The sections of a component with all that they make of it. @throws AtmosError with the place of what is wrong */
export function evaluateComponent(request: ComponentRequest, prepared: Prepared): ScopedComponent {
  const { merged, root, backend, stack, workspace } = prepared;
  const { kind, name, project, at } = request;
  const settings = kindIn(project, kind);
  const { spec } = settings;
  const { context, data } = contextOf(request, prepared);
  const { functions } = context;
  const none: Referring = { sections: prepared.unevaluated, secrets: {} };
  const { sections: unevaluated, secrets } = spec.hasEnvironment
    ? takeReferences(
        prepared.unevaluated,
        { address: `${kind}/${name}`, prefix: spec.isModule ? 'TF_VAR_' : '', own: merged.ownVars },
        context,
      )
    : none;
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
  if (spec.isModule) {
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
  const command = sections.command ?? settings.command;
  if (command !== undefined) sections.command = command;
  if (merged.metadata === undefined) sections.metadata = {};
  else {
    add('metadata', merged.metadata);
    sections.metadata = withSwitches(sections.metadata, merged.metadata);
  }
  const overrides = merged.overrides === undefined ? {} : { overrides: plain(merged.overrides) };
  const all: JsonObject = { ...sections, ...overrides, component: merged.component, inheritance: merged.inheritance };
  const placeOf = (path: readonly string[]): Place => placeOfPath(written, at, path);
  const generated = spec.isModule
    ? generatedFiles({
        address: `${kind}/${name}`,
        sections: all,
        data: () => ({ ...(data as Readonly<Record<string, Value>>), ...(all as Readonly<Record<string, Value>>) }),
        functions,
        placeOf,
      })
    : { files: {}, errors: [] };
  const policies = policiesIn({ address: `${kind}/${name}`, sections: all, project, above: request.files.above, placeOf });
  const hooks = hooksIn({ spec, name, stack, hooks: all.hooks, stores: project.stores, placeOf });
  const problems = [
    ...(prepared.wrongName === undefined ? [] : [prepared.wrongName]),
    ...policies.errors,
    ...hooks.errors,
    ...sectionProblems({ address: `${kind}/${name}`, unevaluated: prepared.unevaluated, sections: all, placeOf }),
    ...[project.components[kind]?.problem ?? []].flat(),
    ...kindProblems(spec, `${kind}/${name}`, all, placeOf),
    ...generated.errors,
  ];
  const component: ScopedComponent = {
    address: `${kind}/${name}`,
    kind,
    spec,
    name,
    source: spec.source === 'vars' ? serviceDir(all, `${kind}/${name}`, at) : root,
    sections: all,
    dependsOn: dependenciesOf({
      kind,
      name,
      stack,
      metadata: merged.metadata,
      sections: all,
      dependsOn: merged.dependsOn === undefined ? undefined : evaluate(merged.dependsOn, context),
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
  noteOrigins(component, at, written, context, merged.ownVars);
  return component;
}

/** Where a service's source lies: `vars.source`, relative to the root. */
function serviceDir({ vars }: JsonObject, address: string, at: Place): string {
  const source = (vars as JsonObject).source;
  if (typeof source !== 'string' || source === '') {
    throw errorAt(at, `${address} has no source`, { code: 'missing-key', hint: 'add vars.source: ./services/…' });
  }
  const dir = join(source).replace(/\/$/, '');
  if (dir === '..' || dir.startsWith('../') || dir.startsWith('/')) {
    throw errorAt(at, `${address}: ${source} is not in the repository`, { code: 'path-escape' });
  }
  return dir;
}

/** Metadata whose switches templates gave: these give texts. What is written as a text is none, and told. */
function withSwitches(evaluated: Json | undefined, written: LocatedMap): Json {
  if (!isObject(evaluated)) return evaluated ?? {};
  const given = ['enabled', 'locked'].flatMap((key) => {
    const value: unknown = (evaluated as JsonObject)[key];
    const source = member(written, key);
    const isGiven = source?.kind === 'scalar' && typeof source.value === 'string' && source.value.includes('{{');
    return isGiven && (value === 'true' || value === 'false') ? [[key, value === 'true'] as const] : [];
  });
  return { ...(evaluated as JsonObject), ...Object.fromEntries(given) };
}
