import { suggestion } from '../nearest.ts';
import { KINDS } from '../scope.ts';
import {
  type Functions,
  inline,
  memberOf,
  type Operand,
  onlyField,
  operandsOf,
  parseTemplate,
  render,
  type Template,
  TemplateError,
  type Value,
  withFunctions,
} from '../templates/index.ts';
import {
  type Entry,
  errorAt,
  type Located,
  type LocatedMap,
  type LocatedScalar,
  locate,
  mapOf,
  member,
  templateData,
} from '../yaml/located.ts';

/** Values by name. */
type Locals = ReadonlyMap<string, Value>;

/**
 * Puts a file's `locals` into its texts and takes the sections away: those of the file are seen everywhere in it, those of a kind in the kind's own
 * section and components, those of a component in it. A text that is one local alone takes its value with its type; a text that reads other things too
 * keeps the rest of its template.
 * @throws AtmosError `locals-cycle`, `unknown-local`, `template`
 */
export function applyLocals(root: LocatedMap, functions: Functions): LocatedMap {
  return root.at.document.text.includes('locals') ? new LocalScope(root, functions).apply() : root;
}

class LocalScope {
  readonly #root: LocatedMap;
  readonly #functions: Functions;
  /** What a local may read besides others: the file's own sections, as they are written. */
  readonly #data: { readonly [section: string]: Value };

  constructor(root: LocatedMap, functions: Functions) {
    this.#root = root;
    this.#functions = withFunctions(functions);
    this.#data = Object.fromEntries(['vars', 'settings', 'env'].map((name) => [name, templateData(member(root, name)) ?? {}]));
  }

  apply(): LocatedMap {
    const global = this.#resolve(this.#root, new Map());
    const ofKinds = new Map(KINDS.map((kind) => [kind as string, this.#resolve(member(this.#root, kind), global)]));
    return mapEntries(this.#root, (key, value) => {
      if (key === 'components') return this.#components(value, global, ofKinds);
      return this.#put(without(value, ofKinds.has(key)), ofKinds.get(key) ?? global);
    });
  }

  #components(components: Located, global: Locals, ofKinds: ReadonlyMap<string, Locals>): Located {
    if (components.kind !== 'map') return this.#put(components, global);
    return mapEntries(components, (kind, section) => {
      const outer = ofKinds.get(kind) ?? global;
      if (section.kind !== 'map') return this.#put(section, outer);
      return mapEntries(section, (_, component) => this.#put(without(component, true), this.#resolve(component, outer)));
    });
  }

  /** The locals of a section over those around it, in the order in which they need one another. */
  #resolve(section: Located | undefined, outer: Locals): Locals {
    const own = mapOf(member(section, 'locals'), '"locals"');
    if (own === undefined) return outer;
    const known = new Map<string, Value>(outer);
    const done = new Set<string>();
    const visit = (name: string, { value }: Entry, path: readonly string[]): void => {
      if (done.has(name)) return;
      if (path.includes(name)) {
        throw errorAt(value.at, `locals need one another: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`, {
          code: 'locals-cycle',
          hint: 'write one of these values out',
        });
      }
      for (const needed of this.#localsIn(value)) {
        const entry = own.entries.get(needed);
        if (entry !== undefined && needed !== name) visit(needed, entry, [...path, name]);
        else if (needed === name && !outer.has(name)) visit(name, { keyAt: value.at, value }, [...path, name]);
      }
      known.set(name, this.#evaluate(value, known));
      done.add(name);
    };
    for (const [name, entry] of own.entries) visit(name, entry, []);
    return known;
  }

  #localsIn(value: Located): ReadonlySet<string> {
    const names = new Set<string>();
    const walk = (one: Located): void => {
      if (one.kind === 'map') for (const entry of one.entries.values()) walk(entry.value);
      else if (one.kind === 'list') one.items.forEach(walk);
      else if (one.kind === 'scalar') {
        const template = this.#template(one);
        for (const operand of template === undefined ? [] : operandsOf(template)) {
          const [, name] = localPath(pathOf(operand)) ?? [];
          if (name !== undefined) names.add(name);
        }
      }
    };
    walk(value);
    return names;
  }

  /** A text's template, if it is one and has a word in it. */
  #template({ value, at }: LocatedScalar, word = 'locals'): Template | undefined {
    if (typeof value !== 'string' || !value.includes('{{') || !value.includes(word)) return undefined;
    try {
      return parseTemplate(value);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw errorAt(at, `template: ${error.message}`, { code: 'template', cause: error });
    }
  }

  /** The value of a local, whose templates may read the others and the file's own sections. */
  #evaluate(value: Located, known: Locals): Value {
    return templateData(mapScalars(value, (scalar) => this.#render(scalar, known)));
  }

  #render(scalar: LocatedScalar, known: Locals): Located {
    const template = this.#template(scalar, '{{');
    if (template === undefined) return scalar;
    this.#checkNames(template, scalar, known);
    const data = { ...this.#data, locals: Object.fromEntries(known) };
    return this.#attempt(scalar, () => {
      const only = onlyField(template);
      if (only !== undefined && localPath(only) !== undefined) return locate(only.reduce<Value>(memberOf, data), scalar.at);
      return { ...scalar, value: render(template, data, { functions: this.#functions, missingKey: 'error' }) };
    });
  }

  /** Puts locals into a value that is not a local; whatever else its templates read is left to whoever renders it later. */
  #put(value: Located, locals: Locals): Located {
    return locals.size === 0 ? value : mapScalars(value, (scalar) => this.#inline(scalar, locals));
  }

  #inline(scalar: LocatedScalar, locals: Locals): Located {
    const template = this.#template(scalar);
    if (template === undefined || typeof scalar.value !== 'string' || !this.#checkNames(template, scalar, locals)) return scalar;
    const text = scalar.value;
    const data = { locals: Object.fromEntries(locals) };
    const options = { functions: this.#functions, missingKey: 'error' } as const;
    return this.#attempt(scalar, () => {
      const only = onlyField(template);
      if (only !== undefined && scalar.tag === undefined) return locate(only.reduce<Value>(memberOf, data), scalar.at);
      const isWhole = [...operandsOf(template)].every((operand) => !readsRoot(operand) || localPath(pathOf(operand)) !== undefined);
      const isLocal = (operand: Operand): boolean => localPath(pathOf(operand)) !== undefined;
      const known = { ...options, data, fixed: new Set<string>(), isKnown: isLocal };
      return { ...scalar, value: isWhole ? render(template, data, options) : inline(text, template, known) };
    });
  }

  /** Whether a template reads any local. @throws AtmosError `unknown-local` */
  #checkNames(template: Template, scalar: LocatedScalar, locals: Locals): boolean {
    const paths = [...operandsOf(template)].map((operand) => localPath(pathOf(operand))).filter((path) => path !== undefined);
    for (const [, name] of paths) if (name !== undefined && !locals.has(name)) throw unknownLocal(scalar, name, locals);
    return paths.length > 0;
  }

  #attempt<T>(scalar: LocatedScalar, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw errorAt(scalar.at, `template: ${error.message}`, { code: 'template', cause: error });
    }
  }
}

/** Changes every scalar of a value, and every key as the text that it is. */
function mapScalars(value: Located, change: (scalar: LocatedScalar) => Located): Located {
  const named = (key: string): string => {
    if (!key.includes('{{')) return key;
    return String(templateData(change({ kind: 'scalar', value: key, tag: undefined, at: value.at })));
  };
  switch (value.kind) {
    case 'map':
      return mapEntries(value, (_, entry) => mapScalars(entry, change), named);
    case 'list':
      return { ...value, items: value.items.map((item) => mapScalars(item, change)) };
    case 'scalar':
      return change(value);
    case 'layers':
      return value;
    default:
      return value satisfies never;
  }
}

/** The path below the root that an operand reads. */
function pathOf(operand: Operand): readonly string[] {
  return operand.kind === 'field' || (operand.kind === 'variable' && operand.name === '$') ? operand.path : [];
}

/** A path that is one of a local. */
function localPath(path: readonly string[]): readonly string[] | undefined {
  return path[0] === 'locals' ? path : undefined;
}

function readsRoot(operand: Operand): boolean {
  return operand.kind === 'field' || operand.kind === 'dot' || (operand.kind === 'variable' && operand.name === '$');
}

function unknownLocal(scalar: LocatedScalar, name: string, locals: Locals) {
  return errorAt(scalar.at, `there is no local "${name}" in this file`, {
    code: 'unknown-local',
    hint: suggestion(name, [...locals.keys()], 'locals of this file'),
  });
}

function without(value: Located, isScope: boolean): Located {
  return isScope && value.kind === 'map' && value.entries.has('locals') ? mapEntries(value, (_, entry) => entry) : value;
}

/** A map with its values, and perhaps its keys, changed; without its locals. */
function mapEntries(map: LocatedMap, change: (key: string, value: Located) => Located, name = (key: string): string => key): LocatedMap {
  const entries = new Map<string, Entry>();
  for (const [key, { keyAt, value }] of map.entries) if (key !== 'locals') entries.set(name(key), { keyAt, value: change(key, value) });
  return { ...map, entries };
}
