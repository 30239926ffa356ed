import { AtmosError } from '../../engine/index.ts';
import type { Functions } from '../../gotemplate/index.ts';
import {
  APPEND,
  errorAt,
  type History,
  itemsOf,
  type Located,
  type LocatedMap,
  type Merger,
  mapOf,
  member,
  merger,
  type Place,
  parseYaml,
  textOf,
} from '../../yaml/index.ts';
import type { ConfigSource } from '../project/config-source.ts';
import { templateData } from '../templates/template-data.ts';
import { checkKeys } from './check-keys.ts';
import { type FileContext, type Rendered, renderFile } from './file-templates.ts';
import { StackFinder } from './find.ts';
import { declared, type Import, type ImportRules, importOf, rendered } from './import-request.ts';
import { resolveIncludes } from './include.ts';
import type { Manifest } from './manifest.ts';
import { ownName } from './names.ts';
import { combineOverrides, NONE, type Overridden } from './overrides.ts';
import { withoutKey } from './scalars.ts';

/** A stack as a deployment or target declares it. */
export interface DeclaredStack {
  readonly name: string;
  readonly at: Place;
}

/** What the `stacks` of several sections name, in order. */
export function declaredStacks(sections: readonly (LocatedMap | undefined)[]): readonly DeclaredStack[] {
  return sections
    .flatMap((section) => itemsOf(member(section, 'stacks'), '"stacks"'))
    .flatMap((item) => {
      const name = textOf(item, 'a stack');
      return name === undefined ? [] : [{ name, at: item.at }];
    });
}

export interface ManifestOptions {
  /** Functions of the host, for templates in manifests. */
  readonly functions: Functions;
  /** What YAML functions in locals give. */
  readonly call: FileContext['call'];
  readonly history?: History | undefined;
}

/** Opens manifests: each file once, and only those that are declared or imported. */
export class ManifestLoader {
  readonly #source: ConfigSource;
  readonly #options: ManifestOptions;
  readonly #finder: StackFinder;
  readonly #merger: Merger;
  readonly #contents = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #plain = new Map<string, Promise<Rendered | undefined>>();
  #hasAppends = false;

  constructor(source: ConfigSource, options: ManifestOptions) {
    const { files, project } = source;
    this.#source = source;
    this.#options = options;
    this.#merger = merger(project.listMergeStrategy, { appends: true, history: options.history });
    this.#finder = new StackFinder(files, project.stacks.basePath, async (path) => (await this.#content(path)) !== undefined);
  }

  /**
   * What several declared stacks make, each with its imports: those that have no name of their own are merged, later ones over earlier ones, into each that
   * has one. Without any of those, or with a single one, they are one manifest.
   */
  async load(stacks: readonly DeclaredStack[]): Promise<readonly Manifest[]> {
    const loaded: (Overridden & { readonly path: string; readonly own: string | undefined })[] = [];
    for (const { name, at } of stacks) {
      const request = declared(name, at, this.#source.project.templates.settings.ignoreMissing);
      for (const path of await this.#finder.find(request)) {
        const one = await this.#manifest(path, request);
        loaded.push({ ...one, path, own: ownName(this.#source.project, one.root) });
      }
    }
    const named = new Set(loaded.filter(({ own }) => own !== undefined).map(({ path }) => path));
    const groups = named.size < 2 ? [loaded] : [...named].map((own) => loaded.filter(({ path }) => path === own || !named.has(path)));
    return groups.flatMap((group) => {
      const root = this.#merger.all(group.map((one) => one.root));
      if (root === undefined) return [];
      const { reached } = combineOverrides(group, { kind: 'map', entries: new Map(), at: root.at }, this.#merger);
      const { path, own } = group.findLast((one) => named.size < 2 || named.has(one.path)) ?? { path: '', own: undefined };
      const base = this.#source.project.stacks.basePath;
      const name = path.slice(base === '' ? 0 : base.length + 1).replace(/\.ya?ml(\.tmpl)?$/, '');
      return [{ root, overrides: reached, name, ...(own === undefined ? {} : { own }) }];
    });
  }

  async #manifest(path: string, request: Import): Promise<Overridden> {
    if (request.chain.includes(path)) {
      const loop = [...request.chain.slice(request.chain.indexOf(path)), path];
      throw errorAt(request.at, `cycle in imports: ${loop.join(' → ')}`, {
        code: 'import-cycle',
        hint: 'remove one of these imports',
      });
    }
    const chain = [...request.chain, path];
    try {
      const file = await this.#read(path, request);
      if (file === undefined) return { root: undefined, ...NONE };
      checkKeys(file.root);
      const imports: Overridden[] = [];
      let { said } = request;
      for (const item of itemsOf(member(file.root, 'import'), '"import"')) {
        const one = importOf(item, { from: path, chain, outer: request, given: file.given, said }, this.#rules());
        const known = imports.length;
        for (const found of await this.#finder.find(one)) imports.push(await this.#manifest(found, one));
        said = this.#merger.all([said, ...imports.slice(known).map((imported) => readable(imported.root))]);
      }
      const own = withoutKey(file.root, 'import');
      const merged = this.#merger.all([...imports.map((one) => one.root), own]);
      // What is to be added has been, where a file imports others.
      const root = imports.length > 0 && this.#hasAppends ? withoutAppends(merged) : merged;
      return { root, ...combineOverrides(imports, own, this.#merger) };
    } catch (error) {
      throw request.chain.length > 0 && error instanceof AtmosError ? withChain(error, chain) : error;
    }
  }

  #rules(): ImportRules {
    const { enabled, ignoreMissing } = this.#source.project.templates.settings;
    return { merger: this.#merger, functions: this.#options.functions, isTemplated: enabled, ignoreMissing };
  }

  #read(path: string, request: Import): Promise<Rendered | undefined> {
    // What is given to a file makes another one of it.
    if (request.given !== undefined || request.raw || path.endsWith('.tmpl')) return this.#open(path, request);
    const read = this.#plain.get(path) ?? this.#open(path, request);
    this.#plain.set(path, read);
    return read;
  }

  /** A file with what it includes, its locals and what was given to it put in. */
  async #open(path: string, request: Import): Promise<Rendered | undefined> {
    const { given, context, raw, lenient } = request;
    const isTemplate = path.endsWith('.tmpl');
    let root: LocatedMap | undefined;
    try {
      root = await this.#whole(await this.#parse(path), path);
    } catch (error) {
      // A template need not be YAML before it is rendered.
      if (raw || (!isTemplate && given === undefined)) throw error;
      return this.#render(path, request);
    }
    if (root === undefined || raw) return root === undefined ? undefined : { root, given };
    if (!isTemplate || given !== undefined || root.at.document.text.includes('locals')) {
      const { functions, call } = this.#options;
      return renderFile(root, { functions, call, given, isExplicit: context !== undefined, isLenient: lenient });
    }
    try {
      return await this.#render(path, request);
    } catch (error) {
      // What it reads may be there when its components are.
      if (!(error instanceof AtmosError) || error.code !== 'template') throw error;
      return { root, given };
    }
  }

  async #whole(read: Located | undefined, path: string): Promise<LocatedMap | undefined> {
    const root = mapOf(read, `stack ${path}`);
    return root === undefined
      ? undefined
      : resolveIncludes(root, { files: this.#source.files, base: this.#source.project.basePath, cache: this.#source.cache });
  }

  /** A file whose text is rendered as it is. */
  async #render(path: string, { given, lenient }: Import): Promise<Rendered | undefined> {
    const content = await this.#content(path);
    if (content === undefined) return undefined;
    const text = Buffer.from(content).toString('utf8');
    const { functions } = this.#options;
    const at = { document: { file: path, text }, offset: 0, length: 1 };
    const yaml = rendered(text, at, { data: templateData(given), functions, lenient });
    const root = await this.#whole(await parseYaml(path, Buffer.from(yaml), this.#source.cache, this.#source.project.keyDelimiter), path);
    return root === undefined ? undefined : { root, given };
  }

  async #parse(path: string): Promise<Located | undefined> {
    const content = await this.#content(path);
    this.#hasAppends ||= content !== undefined && Buffer.from(content).includes(APPEND);
    return content === undefined ? undefined : parseYaml(path, content, this.#source.cache, this.#source.project.keyDelimiter);
  }

  #content(path: string): Promise<Uint8Array | undefined> {
    const known = this.#contents.get(path) ?? this.#source.files.read(path);
    this.#contents.set(path, known);
    return known;
  }
}

/** A map whose lists are added to nothing any more. */
function withoutAppends(map: LocatedMap | undefined): LocatedMap | undefined {
  const clean = (value: Located): Located => {
    if (value.kind === 'list') return { ...value, tag: value.tag === APPEND ? undefined : value.tag, items: value.items.map(clean) };
    if (value.kind !== 'map') return value;
    return { ...value, entries: new Map([...value.entries].map(([key, entry]) => [key, { ...entry, value: clean(entry.value) }])) };
  };
  return map === undefined ? undefined : (clean(map) as LocatedMap);
}

/** What paths of imports may read of a file that was imported before. */
function readable(root: LocatedMap | undefined): LocatedMap | undefined {
  if (root === undefined) return undefined;
  return { ...root, entries: new Map([...root.entries].filter(([name]) => ['settings', 'vars', 'env'].includes(name))) };
}

function withChain(error: AtmosError, chain: readonly string[]): AtmosError {
  if (error.message.includes('(imported: ') || error.code === 'import-cycle') return error;
  return new AtmosError(`${error.message} (imported: ${chain.join(' → ')})`, {
    kind: error.kind,
    code: error.code,
    position: error.position,
    hint: error.hint,
    cause: error,
    others: error.others,
  });
}
