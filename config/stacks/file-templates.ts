import { AtmosError, isObject, type Json } from '../../engine/index.ts';
import {
  type Functions,
  inline,
  type Operand,
  operandsOf,
  parseTemplate,
  render,
  type Value,
  withFunctions,
} from '../../gotemplate/index.ts';
import { type Located, type LocatedMap, type LocatedScalar, locate, member, type Place } from '../../yaml/index.ts';
import { asWritten } from '../templates/as-written.ts';
import { templateData } from '../templates/template-data.ts';
import { attempt, checkNames, type Locals, type LocalsContext, localPath, lookUp, resolveLocals, templateIn } from './locals.ts';
import { mapEntries, mapScalars, withoutKey } from './scalars.ts';
import { KNOWN_KINDS } from './sections.ts';

/** What the templates of a file read when it is opened. */
export interface FileContext {
  readonly functions: Functions;
  readonly call: LocalsContext['call'];
  /** What the importing files give: by `context`, and the sections of those that have locals. */
  readonly given: LocatedMap | undefined;
  /** Whether some of that was given by `context`: then what a template lacks is an error. */
  readonly isExplicit: boolean;
  /** What a template lacks prints as `<no value>`. */
  readonly isLenient: boolean;
}

/** A file as its templates left it. */
export interface Rendered {
  readonly root: LocatedMap;
  /** For the files that it imports: what was given to it, with its own sections if it has locals. */
  readonly given: LocatedMap | undefined;
}

/** Sections that templates of a file with locals read, in the order in which they are rendered. */
const READABLE = ['settings', 'vars', 'env'] as const;

/**
 * Renders a file that has locals or was given a context: all of its texts at once, and as they stand in this file, not merged yet. A text that is one
 * field alone takes its value with its type. Where any text reads what only a component has, all is left to the components, but for the locals.
 * @throws AtmosError `locals-cycle`, `unknown-local`, `template`
 */
export function renderFile(root: LocatedMap, context: FileContext): Rendered {
  const mayHaveLocals = root.at.document.text.includes('locals');
  if (!mayHaveLocals && context.given === undefined) return { root, given: undefined };
  return new FileTemplates(root, context).render();
}

class FileTemplates {
  readonly #root: LocatedMap;
  readonly #context: FileContext;
  readonly #locals: LocalsContext;
  readonly #global: Locals;
  readonly #ofKinds: ReadonlyMap<string, Locals>;
  readonly #hasLocals: boolean;

  constructor(root: LocatedMap, context: FileContext) {
    const functions = withFunctions(context.functions);
    this.#root = root;
    this.#context = { ...context, functions };
    this.#locals = { functions, call: context.call, data: sectionsOf(root) };
    this.#global = resolveLocals(root, new Map(), this.#locals);
    this.#ofKinds = new Map(
      KNOWN_KINDS.map((kind) => {
        const section = member(root, kind);
        return [kind, resolveLocals(section, this.#global, { ...this.#locals, data: over(this.#locals.data, sectionsOf(section)) })];
      }),
    );
    this.#hasLocals = [root, ...KNOWN_KINDS.map((kind) => member(root, kind))].some((section) => member(section, 'locals') !== undefined);
  }

  render(): Rendered {
    const { given, isExplicit } = this.#context;
    if (!this.#hasLocals && given === undefined) return { root: this.#putAll(this.#root), given };
    const sections = this.#sections();
    const entries = new Map(given?.entries);
    for (const [name, value] of sections) entries.set(name, { keyAt: value.at, value });
    const all: LocatedMap | undefined = entries.size === 0 ? undefined : { kind: 'map', entries, at: this.#root.at };
    try {
      return { root: this.#whole(templateData(all) ?? {}), given: all };
    } catch (error) {
      if (isExplicit || !(error instanceof AtmosError)) throw error;
      const known = mapEntries(this.#root, (name, value) => sections.get(name) ?? value);
      return { root: this.#putAll(known), given: all };
    }
  }

  /** The file's own sections, each rendered with those before it; one that reads what is not there stays as it is written. */
  #sections(): ReadonlyMap<string, Located> {
    const rendered = new Map<string, Located>();
    if (!this.#hasLocals) return rendered;
    const { given } = this.#context;
    const data: { [name: string]: Value } = { ...asMap(templateData(given)), locals: Object.fromEntries(this.#flat()) };
    for (const name of READABLE) {
      const section = member(this.#root, name);
      if (section === undefined) continue;
      let value = section;
      try {
        value = mapScalars(section, (scalar) => this.#text(scalar, data, 'error'));
      } catch (error) {
        if (!(error instanceof AtmosError)) throw error;
      }
      rendered.set(name, value);
      data[name] = templateData(value);
    }
    return rendered;
  }

  /** All locals of the file, under which its own sections stand. */
  #flat(): Locals {
    const all = new Map(this.#global);
    for (const locals of this.#ofKinds.values()) for (const [name, value] of locals) if (!this.#global.has(name)) all.set(name, value);
    return all;
  }

  /** The whole file rendered. A component's own locals are left to the component. */
  #whole(given: Value): LocatedMap {
    const missing = this.#context.isLenient ? 'default' : 'error';
    return this.#eachScope(this.#root, (value, locals) => {
      const data = this.#hasLocals ? { ...asMap(given), locals: Object.fromEntries(locals) } : given;
      return mapScalars(value, (scalar) => this.#text(scalar, data, missing));
    });
  }

  /** The file with its locals put in; whatever else its templates read is left to whoever renders them later. */
  #putAll(root: LocatedMap): LocatedMap {
    return this.#eachScope(root, (value, outer, isComponent) => {
      const locals = isComponent ? resolveLocals(value, outer, this.#locals) : outer;
      const isHeir = isComponent && (member(member(value, 'metadata'), 'inherits') ?? member(value, 'component')) !== undefined;
      return locals.size === 0 ? value : mapScalars(value, (scalar) => this.#inline(scalar, locals, isHeir));
    });
  }

  /** Changes each part of the file, with the locals that are seen there; keys too, as the texts that they are. */
  #eachScope(root: LocatedMap, change: (value: Located, locals: Locals, isComponent: boolean) => Located): LocatedMap {
    const flat = this.#flat();
    const renamed = (locals: Locals, at: Place) => (key: string) =>
      key.includes('{{') ? String(templateData(change({ kind: 'scalar', value: key, tag: undefined, at }, locals, false))) : key;
    return mapEntries(withoutKey(root, 'locals'), (key, value) => {
      if (key !== 'components' || value.kind !== 'map') {
        const ofKind = this.#ofKinds.get(key);
        return change(ofKind === undefined ? value : withoutKey(value, 'locals'), ofKind ?? flat, false);
      }
      return mapEntries(value, (kind, section) => {
        const locals = this.#ofKinds.get(kind) ?? this.#global;
        if (section.kind !== 'map') return change(section, locals, false);
        return mapEntries(section, (_, component) => change(component, locals, true), renamed(locals, section.at));
      });
    });
  }

  #text(scalar: LocatedScalar, data: Value, missingKey: 'error' | 'default'): Located {
    const template = templateIn(scalar, '{{');
    if (template === undefined || typeof scalar.value !== 'string') return scalar;
    const options = { functions: this.#context.functions, missingKey } as const;
    const written = (text: string): Json =>
      attempt(scalar, () => asWritten(text, parseTemplate(text), GO_DELIMITERS, (one) => render(one, data, options)));
    if (scalar.tag !== undefined) return { ...scalar, value: attempt(scalar, () => render(template, data, options)) };
    const found = attempt(scalar, () => lookUp(template, data));
    if (found === undefined) return locate(written(scalar.value), scalar.at);
    // What it reads may be a template itself, which is then part of the file.
    return mapScalars(locate(found, scalar.at), (one) =>
      typeof one.value === 'string' && one.value.includes('{{') ? locate(written(one.value), one.at) : one,
    );
  }

  #inline(scalar: LocatedScalar, locals: Locals, isHeir: boolean): Located {
    const template = templateIn(scalar, 'locals');
    if (template === undefined || typeof scalar.value !== 'string') return scalar;
    const text = scalar.value;
    // What an heir's file does not have may be a local of its base.
    const isLocal = (operand: Operand): boolean => {
      const [, name] = localPath(operand) ?? [];
      return name !== undefined && (!isHeir || locals.has(name));
    };
    if (isHeir ? ![...operandsOf(template)].some(isLocal) : !checkNames(template, scalar, locals)) return scalar;
    const data = { locals: Object.fromEntries(locals) };
    const options = { functions: this.#context.functions, missingKey: 'error' } as const;
    return attempt(scalar, () => {
      const found = scalar.tag === undefined ? lookUp(template, data) : undefined;
      if (found !== undefined) return locate(found, scalar.at);
      const isWhole = [...operandsOf(template)].every((operand) => !readsRoot(operand) || isLocal(operand));
      const known = { ...options, data, fixed: new Set<string>(), isKnown: isLocal };
      return { ...scalar, value: isWhole ? render(template, data, options) : inline(text, template, known) };
    });
  }
}

const GO_DELIMITERS = { left: '{{', right: '}}' } as const;

function readsRoot(operand: Operand): boolean {
  return operand.kind === 'field' || operand.kind === 'dot' || (operand.kind === 'variable' && operand.name === '$');
}

type Sections = { readonly [section: string]: Value };

/** The sections that templates read, as they are written. */
function sectionsOf(section: Located | undefined): Sections {
  const written = READABLE.map((name) => [name, member(section, name)] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written.map(([name, value]) => [name, templateData(value)]));
}

/** The sections of a kind over those of the file, key by key. */
function over(base: Sections, sections: Sections): Sections {
  return { ...base, ...Object.fromEntries(Object.entries(sections).map(([name, own]) => [name, { ...asMap(base[name]), ...asMap(own) }])) };
}

function asMap(value: Value): Sections {
  return isObject(value) ? value : {};
}
