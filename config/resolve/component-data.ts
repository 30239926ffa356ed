import { isObject } from '../../engine/index.ts';
import { type Functions, sourceFunctions, type Value } from '../../gotemplate/index.ts';
import { type Located, type LocatedMap, member } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import { kindIn } from '../project/project.ts';
import { SECTIONS, TEXT_SECTIONS } from '../stacks/sections.ts';
import { templateData as dataOf, lazily } from '../templates/template-data.ts';
import { variableFunctions } from '../templates/variables.ts';
import type { ComponentRequest, Prepared } from './merge-layers.ts';

/** The dot of a component's templates, as in Atmos, with `.context` besides. Not evaluated itself. */
export function templateData(
  { kind, name, project, context, manifest }: ComponentRequest,
  { given, merged, backend, stack, workspace }: Prepared,
): Value {
  const always = (value: Value) => () => value;
  return lazily(
    new Map<string, () => Value>([
      ...SECTIONS.filter((section) => !TEXT_SECTIONS.has(section)).map((section) => [section, always({})] as const),
      ['required_version', always('')],
      ['overrides', () => (merged.overrides === undefined ? {} : dataOf(merged.overrides))],
      ['auth', always({})],
      ['inheritance', always([...merged.inheritance])],
      ['command', always(kindIn(project, kind).command)],
      ['remote_state_backend_type', always(backend.type === '' ? 'local' : backend.type)],
      ...Object.keys(given).map((section) => [section, () => given[section]] as const),
      ['backend', () => (backend.section === undefined ? {} : dataOf(backend.section))],
      ['metadata', () => (merged.metadata === undefined ? {} : dataOf(merged.metadata))],
      ['locals', () => (merged.locals === undefined ? {} : dataOf(merged.locals))],
      ['component', always(merged.component)],
      ['workspace', always(workspace)],
      ['atmos_component', always(name)],
      ['atmos_stack', always(stack)],
      ['stack', always(stack)],
      ['atmos_stack_file', always(manifest?.name ?? '')],
      ['atmos_manifest', always(manifest?.name ?? '')],
      ['context', () => (context === undefined ? {} : dataOf(context))],
    ]),
  );
}

/** `env` and `getenv`, which see what `templates.settings.env` of atmos.yaml and of the component's settings say before the machine's own. */
export function environmentFunctions(sections: LocatedMap, { project, evaluation }: ComponentRequest): Functions {
  const own: Readonly<Record<string, unknown>> = { ...project.templates.settings.env, ...templateSetting(sections, 'env') };
  return variableFunctions((name) => String(own[name] ?? evaluation.host.env[name] ?? ''));
}

/** Gomplate's data sources, which atmos.yaml and the component's settings name. */
export function dataSources(sections: LocatedMap, { project, evaluation }: ComponentRequest): Functions {
  const own = Object.entries(templateSetting(sections, 'gomplate', 'datasources')).flatMap(([name, source]) =>
    isObject(source) && typeof source.url === 'string' ? [[name, source.url] as const] : [],
  );
  return sourceFunctions(
    { ...project.templates.settings.datasources, ...Object.fromEntries(own) },
    { ...evaluation.host, suggest: (name, names) => suggestion(name, names, 'datasources') },
  );
}

/** A map of `templates.settings` in the component's settings. */
function templateSetting(sections: LocatedMap, ...keys: readonly string[]): Readonly<Record<string, unknown>> {
  const found = dataOf(['settings', 'templates', 'settings', ...keys].reduce<Located | undefined>(member, sections));
  return isObject(found) ? found : {};
}
