import { AtmosError } from '../../engine/index.ts';
import type { ConfigFiles } from '../files.ts';
import type { Project } from '../project.ts';
import { type Functions, parseTemplate, render, TemplateError, type Value, withFunctions } from '../templates/index.ts';
import type { TextCache } from '../text-cache.ts';
import {
  errorAt,
  itemsOf,
  type Located,
  type LocatedMap,
  mapOf,
  member,
  type Place,
  plain,
  templateData,
  textOf,
} from '../yaml/located.ts';
import { type History, type Merger, merger } from '../yaml/merge.ts';
import { parseYaml } from '../yaml/parse.ts';
import { StackFinder } from './find.ts';
import { resolveIncludes } from './include.ts';
import { applyLocals } from './locals.ts';
import { combineOverrides, NONE, type Overridden, type Overrides } from './overrides.ts';

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

/** Several stacks, merged. */
export interface Manifest {
  readonly root: LocatedMap;
  readonly overrides: Overrides['reached'];
  /** The last of the declared stacks, below the stacks' base path, without its ending. */
  readonly name: string;
}

export interface ManifestOptions {
  readonly cache?: TextCache | undefined;
  /** Functions of the host, for templates in manifests. */
  readonly functions: Functions;
  readonly history?: History | undefined;
}

/** Opens manifests: each file once, and only those that are declared or imported. */
export class ManifestLoader {
  readonly #files: ConfigFiles;
  readonly #project: Project;
  readonly #options: ManifestOptions;
  readonly #finder: StackFinder;
  readonly #merger: Merger;
  readonly #contents = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #plain = new Map<string, Promise<LocatedMap | undefined>>();

  constructor(files: ConfigFiles, project: Project, options: ManifestOptions) {
    this.#files = files;
    this.#project = project;
    this.#options = options;
    this.#merger = merger(project.listMergeStrategy, { appends: true, history: options.history });
    this.#finder = new StackFinder(files, project.stacks.basePath, async (path) => (await this.#content(path)) !== undefined);
  }

  /** The manifest that several declared stacks make together: each with its imports, later ones over earlier ones. */
  async load(stacks: readonly DeclaredStack[]): Promise<Manifest | undefined> {
    const loaded: Overridden[] = [];
    const last: string[] = [];
    for (const { name, at } of stacks) {
      const request = { path: name, at, context: undefined, optional: false, raw: false, lenient: false, from: undefined, chain: [] };
      const paths = await this.#finder.find(request);
      last.push(...paths);
      for (const path of paths) loaded.push(await this.#manifest(path, request));
    }
    const root = this.#merger.all(loaded.map((one) => one.root));
    if (root === undefined) return undefined;
    const { reached } = combineOverrides(loaded, { kind: 'map', entries: new Map(), at: root.at }, this.#merger);
    const base = this.#project.stacks.basePath;
    const name = (last.at(-1) ?? '').slice(base === '' ? 0 : base.length + 1).replace(/\.ya?ml(\.tmpl)?$/, '');
    return { root, overrides: reached, name };
  }

  async #manifest(path: string, request: Import): Promise<Overridden> {
    if (request.chain.includes(path)) {
      const loop = [...request.chain.slice(request.chain.indexOf(path)), path];
      throw errorAt(request.at, `stacks import one another: ${loop.join(' → ')}`, {
        code: 'import-cycle',
        hint: 'remove one of these imports',
      });
    }
    const chain = [...request.chain, path];
    try {
      const root = await this.#read(path, request);
      if (root === undefined) return { root: undefined, ...NONE };
      const imports: Overridden[] = [];
      for (const item of itemsOf(member(root, 'import'), '"import"')) {
        const one = importOf(item, path, chain, request.context);
        for (const found of await this.#finder.find(one)) imports.push(await this.#manifest(found, one));
      }
      const entries = new Map(root.entries);
      entries.delete('import');
      const own = { ...root, entries };
      const merged = this.#merger.all([...imports.map((one) => one.root), own]);
      return { root: merged, ...combineOverrides(imports, own, this.#merger) };
    } catch (error) {
      throw request.chain.length > 0 && error instanceof AtmosError ? withChain(error, chain) : error;
    }
  }

  #read(path: string, request: Import): Promise<LocatedMap | undefined> {
    const isTemplate = (request.context !== undefined || path.endsWith('.tmpl')) && !request.raw;
    if (isTemplate) return this.#render(path, request).then((root) => this.#prepare(root, path));
    const known = this.#plain.get(path) ?? this.#parse(path).then((root) => this.#prepare(root, path));
    this.#plain.set(path, known);
    return known;
  }

  /** A file's root with what it includes and its locals put in. */
  async #prepare(read: Located | undefined, path: string): Promise<LocatedMap | undefined> {
    const root = mapOf(read, `stack ${path}`);
    if (root === undefined) return undefined;
    const whole = await resolveIncludes(root, { files: this.#files, base: this.#project.basePath, cache: this.#options.cache });
    return applyLocals(whole, this.#options.functions);
  }

  async #render(path: string, { context, lenient }: Import): Promise<Located | undefined> {
    const content = await this.#content(path);
    if (content === undefined) return undefined;
    const text = Buffer.from(content).toString('utf8');
    try {
      const functions = withFunctions(this.#options.functions);
      const rendered = render(parseTemplate(text), context ?? {}, { functions, missingKey: lenient ? 'default' : 'error' });
      return await parseYaml(path, Buffer.from(rendered), this.#options.cache);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw errorAt({ document: { file: path, text }, offset: error.at, length: 1 }, error.message, { code: 'template', cause: error });
    }
  }

  async #parse(path: string): Promise<Located | undefined> {
    const content = await this.#content(path);
    return content === undefined ? undefined : parseYaml(path, content, this.#options.cache);
  }

  #content(path: string): Promise<Uint8Array | undefined> {
    const known = this.#contents.get(path) ?? this.#files.read(path);
    this.#contents.set(path, known);
    return known;
  }
}

interface Import {
  readonly path: string;
  readonly at: Place;
  /** What its templates read. */
  readonly context: Value;
  readonly optional: boolean;
  /** Its templates are left as they are. */
  readonly raw: boolean;
  /** What its context does not have prints as `<no value>`. */
  readonly lenient: boolean;
  /** The file that imports it. */
  readonly from: string | undefined;
  readonly chain: readonly string[];
}

function importOf(item: Located, from: string, chain: readonly string[], outer: Value): Import {
  if (item.kind !== 'map') {
    const path = textOf(item, 'an import');
    if (path === undefined) throw errorAt(item.at, 'an import names no stack', { code: 'wrong-type' });
    return { path, at: item.at, context: outer, optional: false, raw: false, lenient: false, from, chain };
  }
  const path = textOf(member(item, 'path'), '"path"');
  if (path === undefined) throw errorAt(item.at, 'an import names no "path"', { code: 'wrong-type' });
  const own = mapOf(member(item, 'context'), '"context"');
  const flag = (name: string): boolean => plain(member(item, name)) === true;
  return {
    path,
    at: item.at,
    context: own === undefined ? outer : { ...(outer as Readonly<Record<string, Value>> | undefined), ...(templateData(own) as object) },
    optional: flag('skip_if_missing'),
    raw: flag('skip_templates_processing'),
    lenient: flag('ignore_missing_template_values'),
    from,
    chain,
  };
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
