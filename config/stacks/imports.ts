import { dirname, join } from 'node:path/posix';
import type { Json } from '../../engine/index.ts';
import { AtmosError } from '../../engine/index.ts';
import type { ConfigFiles } from '../files.ts';
import { suggestion } from '../nearest.ts';
import type { Project } from '../project.ts';
import { FUNCTIONS, parseTemplate, render, TemplateError, type Value } from '../templates/index.ts';
import type { TextCache } from '../text-cache.ts';
import { errorAt, itemsOf, type Located, type LocatedMap, mapOf, member, type Place, plain, textOf } from '../yaml/located.ts';
import { mergeAll } from '../yaml/merge.ts';
import { parseYaml } from '../yaml/parse.ts';

/** Endings that an import may leave out, in the order that they are tried. */
const ENDINGS = ['', '.yaml', '.yml', '.yaml.tmpl', '.yml.tmpl'];

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

/** Opens manifests: each file once, and only those that are declared or imported. */
export class ManifestLoader {
  readonly #files: ConfigFiles;
  readonly #base: string;
  readonly #cache: TextCache | undefined;
  readonly #contents = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #parsed = new Map<string, Promise<Located | undefined>>();
  #listing: Promise<readonly string[]> | undefined;

  constructor(files: ConfigFiles, { stacks }: Project, cache?: TextCache) {
    this.#files = files;
    this.#cache = cache;
    this.#base = stacks.basePath;
  }

  /** The manifest that several declared stacks make together: each with its imports, later ones over earlier ones. */
  async load(stacks: readonly DeclaredStack[]): Promise<LocatedMap | undefined> {
    const manifests: (LocatedMap | undefined)[] = [];
    for (const { name, at } of stacks)
      manifests.push(await this.#import({ path: name, at, context: undefined, optional: false, from: undefined, chain: [] }));
    return mergeAll(manifests);
  }

  async #import(request: Import): Promise<LocatedMap | undefined> {
    const paths = await this.#find(request);
    const manifests: (LocatedMap | undefined)[] = [];
    for (const path of paths) manifests.push(await this.#manifest(path, request));
    return mergeAll(manifests);
  }

  async #manifest(path: string, request: Import): Promise<LocatedMap | undefined> {
    if (request.chain.includes(path)) {
      const loop = [...request.chain.slice(request.chain.indexOf(path)), path];
      throw errorAt(request.at, `stacks import one another: ${loop.join(' → ')}`, {
        code: 'import-cycle',
        hint: 'remove one of these imports',
      });
    }
    const chain = [...request.chain, path];
    try {
      const root = mapOf(await this.#read(path, request.context), `stack ${path}`);
      if (root === undefined) return undefined;
      const locals = root.entries.get('locals');
      if (locals !== undefined) {
        // Left alone, `.locals.x` would silently give `<no value>`.
        throw errorAt(locals.keyAt, 'locals of stacks are not supported yet', {
          code: 'not-supported',
          hint: 'write the values out, or use vars',
        });
      }
      const imports: (LocatedMap | undefined)[] = [];
      for (const item of itemsOf(member(root, 'import'), '"import"'))
        imports.push(await this.#import(importOf(item, path, chain, request.context)));
      const own = new Map(root.entries);
      own.delete('import');
      return mergeAll([...imports, { ...root, entries: own }]);
    } catch (error) {
      throw request.chain.length > 0 && error instanceof AtmosError ? withChain(error, chain) : error;
    }
  }

  async #read(path: string, context: Json | undefined): Promise<Located | undefined> {
    if (context === undefined && !path.endsWith('.tmpl')) {
      const known = this.#parsed.get(path) ?? this.#parse(path);
      this.#parsed.set(path, known);
      return known;
    }
    const content = await this.#content(path);
    if (content === undefined) return undefined;
    const text = new TextDecoder().decode(content);
    try {
      const rendered = render(parseTemplate(text), (context ?? {}) as Value, { functions: FUNCTIONS, missingKey: 'error' });
      return await parseYaml(path, Buffer.from(rendered), this.#cache);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw errorAt({ document: { file: path, text }, offset: error.at, length: 1 }, error.message, { code: 'template', cause: error });
    }
  }

  async #parse(path: string): Promise<Located | undefined> {
    const content = await this.#content(path);
    return content === undefined ? undefined : parseYaml(path, content, this.#cache);
  }

  #content(path: string): Promise<Uint8Array | undefined> {
    const known = this.#contents.get(path) ?? this.#files.read(path);
    this.#contents.set(path, known);
    return known;
  }

  async #find(request: Import): Promise<readonly string[]> {
    const { path, from } = request;
    const relative = path.startsWith('./') || path.startsWith('../');
    const full = relative && from !== undefined ? join(dirname(from), path) : join(this.#base, path);
    if (full.startsWith('../')) {
      throw errorAt(request.at, `"${path}" is not in the repository`, {
        code: 'path-escape',
        hint: 'stacks are imported from this repository',
      });
    }
    if (/[*?[{]/.test(path)) return this.#glob(full, request);
    for (const ending of ENDINGS) {
      if (ending === '' && !/\.(ya?ml|tmpl)$/.test(full)) continue;
      if ((await this.#content(`${full}${ending}`)) !== undefined) return [`${full}${ending}`];
    }
    if (request.optional) return [];
    this.#listing ??= this.#files.list(this.#base);
    const names = (await this.#listing)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => name.slice(this.#base.length + 1).replace(/\.ya?ml$/, ''));
    throw errorAt(request.at, `there is no stack "${path}" (${full}.yaml)`, {
      code: 'missing-stack',
      hint: suggestion(path, names, 'stacks'),
    });
  }

  async #glob(pattern: string, request: Import): Promise<readonly string[]> {
    const fixed = pattern.slice(0, pattern.search(/[*?[{]/));
    const matcher = globExpression(/\.ya?ml$/.test(pattern) ? pattern : `${pattern}.yaml`);
    const found = (await this.#files.list(dirname(`${fixed}x`))).filter((name) => name.endsWith('.yaml') && matcher.test(name));
    if (found.length > 0 || request.optional) return found;
    throw errorAt(request.at, `no stack matches "${request.path}"`, {
      code: 'missing-stack',
      hint: 'a glob matches files that end in .yaml',
    });
  }
}

interface Import {
  readonly path: string;
  readonly at: Place;
  readonly context: Json | undefined;
  readonly optional: boolean;
  /** The file that imports it. */
  readonly from: string | undefined;
  readonly chain: readonly string[];
}

function importOf(item: Located, from: string, chain: readonly string[], outer: Json | undefined): Import {
  if (item.kind !== 'map') {
    const path = textOf(item, 'an import');
    if (path === undefined) throw errorAt(item.at, 'an import names no stack', { code: 'wrong-type' });
    return { path, at: item.at, context: outer, optional: false, from, chain };
  }
  const path = textOf(member(item, 'path'), '"path"');
  if (path === undefined) throw errorAt(item.at, 'an import names no "path"', { code: 'wrong-type' });
  const own = member(item, 'context');
  const context = own === undefined ? outer : { ...(outer as object | undefined), ...(plain(own) as object) };
  return {
    path,
    at: item.at,
    context: context as Json | undefined,
    optional: plain(member(item, 'skip_if_missing')) === true,
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

/** `*` and `?` within a part of a path, `**` over parts, `{a,b}` and `[a-z]`. */
function globExpression(pattern: string): RegExp {
  let depth = 0;
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\[[^\]]*\]|[{},]|[.+^$()|\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.startsWith('[')) return token;
    if (token === '{') {
      depth += 1;
      return '(?:';
    }
    if (token === '}' && depth > 0) {
      depth -= 1;
      return ')';
    }
    if (token === ',') return depth > 0 ? '|' : ',';
    return `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}
