import type { Json } from '../../engine/index.ts';
import {
  type Functions,
  memberOf,
  type Operand,
  onlyField,
  operandsOf,
  parseTemplate,
  render,
  type Template,
  TemplateError,
  type Value,
} from '../../gotemplate/index.ts';
import { type Entry, errorAt, type Located, type LocatedScalar, locate, mapOf, member } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import { templateData } from '../templates/template-data.ts';
import { mapScalars } from './scalars.ts';

/** Values by name. */
export type Locals = ReadonlyMap<string, Value>;

/** What locals are made with. */
export interface LocalsContext {
  readonly functions: Functions;
  /** What YAML functions give when a file is read; a function that only a component can run stays what it is. */
  readonly call: (scalar: LocatedScalar) => Json | undefined;
  /** What a local may read besides others: sections of its file, as they are written. */
  readonly data: { readonly [section: string]: Value };
}

/**
 * The locals of a section over those around it, in the order of their references.
 * @throws AtmosError `locals-cycle`, `unknown-local`, `template`
 */
export function resolveLocals(section: Located | undefined, outer: Locals, context: LocalsContext): Locals {
  const own = mapOf(member(section, 'locals'), '"locals"');
  if (own === undefined) return outer;
  const known = new Map<string, Value>(outer);
  const done = new Set<string>();
  const visit = (name: string, { value }: Entry, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      throw errorAt(value.at, `cycle in locals: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`, {
        code: 'locals-cycle',
        hint: 'write one of these values out',
      });
    }
    for (const needed of namesIn(value)) {
      const entry = own.entries.get(needed);
      if (entry !== undefined && needed !== name) visit(needed, entry, [...path, name]);
      else if (needed === name && !outer.has(name)) visit(name, { keyAt: value.at, value }, [...path, name]);
    }
    known.set(name, templateData(mapScalars(value, (scalar) => evaluate(scalar, known, context))));
    done.add(name);
  };
  for (const [name, entry] of own.entries) visit(name, entry, []);
  return known;
}

/** The value of a text in a local, whose template may read the others and the file's own sections. */
function evaluate(scalar: LocatedScalar, known: Locals, { functions, call, data }: LocalsContext): Located {
  const called = scalar.tag === undefined ? undefined : call(scalar);
  if (called !== undefined) return locate(called, scalar.at);
  const template = templateIn(scalar, '{{');
  if (template === undefined) return scalar;
  checkNames(template, scalar, known);
  const all = { ...data, locals: Object.fromEntries(known) };
  return attempt(scalar, () => {
    const found = lookUp(template, all);
    if (found !== undefined && scalar.tag === undefined) return locate(found, scalar.at);
    return { ...scalar, value: render(template, all, { functions, missingKey: 'error' }) };
  });
}

/** The value that a template reads which is one field alone, if there is such a value. */
export function lookUp(template: Template, data: Value): Value {
  return onlyField(template)?.reduce<Value>(
    (value, name) => (value === undefined || value === null ? undefined : memberOf(value, name)),
    data,
  );
}

function namesIn(value: Located): ReadonlySet<string> {
  const names = new Set<string>();
  mapScalars(value, (scalar) => {
    const template = templateIn(scalar, 'locals');
    for (const operand of template === undefined ? [] : operandsOf(template)) {
      const [, name] = localPath(operand) ?? [];
      if (name !== undefined) names.add(name);
    }
    return scalar;
  });
  return names;
}

/** A text's template, if it is one and has a word in it. @throws AtmosError `template` */
export function templateIn({ value, at }: LocatedScalar, word: string): Template | undefined {
  if (typeof value !== 'string' || !value.includes('{{') || !value.includes(word)) return undefined;
  return attempt({ at }, () => parseTemplate(value));
}

/** Whether a template reads any local. @throws AtmosError `unknown-local` */
export function checkNames(template: Template, scalar: LocatedScalar, locals: Locals): boolean {
  const paths = [...operandsOf(template)].map(localPath).filter((path) => path !== undefined);
  for (const [, name] of paths) {
    if (name === undefined || locals.has(name)) continue;
    throw errorAt(scalar.at, `there is no local "${name}" in this file`, {
      code: 'unknown-local',
      hint: suggestion(name, [...locals.keys()], 'locals of this file'),
    });
  }
  return paths.length > 0;
}

/** The path of a local that an operand reads, with `locals` before it. */
export function localPath(operand: Operand): readonly string[] | undefined {
  const isPath = operand.kind === 'field' || (operand.kind === 'variable' && operand.name === '$');
  return isPath && operand.path[0] === 'locals' ? operand.path : undefined;
}

/** Work with templates, whose errors are told where the text stands. @throws AtmosError `template` */
export function attempt<T>({ at }: Pick<LocatedScalar, 'at'>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw errorAt(at, `template: ${error.message}`, { code: 'template', cause: error });
  }
}
