import { dirname, extname } from 'node:path/posix';
import type { AtmosError } from '../engine/index.ts';
import type { ConfigFiles } from './files.ts';
import { globExpression } from './glob.ts';
import { clean, isRemote, within } from './paths.ts';
import type { TextCache } from './text-cache.ts';
import { errorAt, itemsOf, type Located, type LocatedMap, mapOf, member, textOf } from './yaml/located.ts';
import { merger } from './yaml/merge.ts';
import { parseYaml } from './yaml/parse.ts';

/** Read before the file itself, and whatever it says. */
const ALWAYS = ['atmos.d', '.atmos.d'] as const;
/** How deep imports may import. */
const DEEPEST = 10;

/** `atmos.yaml` with what it is put together from. */
export interface SettingsFiles {
  readonly document: LocatedMap | undefined;
  /** All files that were read, the first the one that imports the others; none where there is no such file. */
  readonly files: readonly string[];
  /** Imports that gave nothing, with why: as in Atmos, the rest counts without them. */
  readonly unread: readonly AtmosError[];
}

/**
 * Reads a file of settings: over what lies in `atmos.d/` and `.atmos.d/` beside it come its imports, in order, and over those the file itself. Maps
 * merge, anything else replaces. (Atmos, `pkg/config/load.go`, `imports.go`.)
 * @throws AtmosError `invalid-yaml`, `wrong-type`
 */
export async function readSettingsFiles(files: ConfigFiles, path: string, cache: TextCache | undefined): Promise<SettingsFiles> {
  const reader = new Reader(files, cache);
  const main = await reader.read(path);
  if (main === undefined) return { document: undefined, files: [], unread: [] };
  const layers: LocatedMap[] = [];
  for (const dir of ALWAYS) {
    for (const file of await reader.find(within(clean(dirname(path)), `${dir}/**/*`))) layers.push(...((await reader.read(file)) ?? []));
  }
  const whole = merged([...layers, ...main]);
  const base = clean(textOf(member(whole, 'base_path'), '"base_path"') ?? '');
  layers.push(...(await reader.imports(whole, base, 1)));
  return { document: merged([...layers, ...main]), files: reader.opened, unread: reader.unread };
}

function merged(layers: readonly LocatedMap[]): LocatedMap | undefined {
  return merger('replace').all(layers);
}

class Reader {
  readonly #files: ConfigFiles;
  readonly #cache: TextCache | undefined;
  readonly opened: string[] = [];
  readonly unread: AtmosError[] = [];

  constructor(files: ConfigFiles, cache: TextCache | undefined) {
    this.#files = files;
    this.#cache = cache;
  }

  /** One layer, none for an empty file; `undefined` where there is no such file. */
  async read(path: string): Promise<readonly LocatedMap[] | undefined> {
    const content = await this.#files.read(path);
    if (content === undefined) return undefined;
    this.opened.push(path);
    const layer = mapOf(await parseYaml(path, content, this.#cache), path);
    return layer === undefined ? [] : [layer];
  }

  /** The layers of what a file imports: each file, then what that one imports in turn. */
  async imports(from: Located | undefined, base: string, depth: number): Promise<readonly LocatedMap[]> {
    const layers: LocatedMap[] = [];
    const said = member(from, 'import');
    for (const item of said?.kind === 'scalar' ? [said] : itemsOf(said, '"import"')) {
      const path = textOf(item, 'an import') ?? '';
      if (path === '') continue;
      const found = isRemote(path) ? [] : await this.find(within(base, path));
      if (found.length === 0 || depth > DEEPEST) this.#leave(item, path, depth);
      else for (const file of found) layers.push(...(await this.#imported(file, base, depth)));
    }
    return layers;
  }

  async #imported(file: string, base: string, depth: number): Promise<readonly LocatedMap[]> {
    const [layer] = (await this.read(file)) ?? [];
    return layer === undefined ? [] : [layer, ...(await this.imports(layer, base, depth + 1))];
  }

  #leave({ at }: Located, path: string, depth: number): void {
    const [message, hint] = isRemote(path)
      ? [
          `"${path}" is not in the repository, and settings are read from nowhere else`,
          'put a copy into the repository if it says more than commands',
        ]
      : depth > DEEPEST
        ? [`imports go deeper than ${DEEPEST} files here`, 'is there a loop?']
        : [`no file of settings matches "${path}"`, 'paths of imports are relative to base_path'];
    this.unread.push(errorAt(at, message, { code: 'unread-import', hint }));
  }

  /** The files that a path names: itself, or a directory's or a glob's `.yaml` and `.yml` files, the outer before the inner. */
  async find(path: string): Promise<readonly string[]> {
    if (path.startsWith('/') || path.split('/').includes('..')) return [];
    if (!GLOB.test(path)) {
      for (const file of [path, ...(extname(path) === '' ? endings(path) : [])]) {
        if ((await this.#files.read(file)) !== undefined) return [file];
      }
      return this.#below(path, endings(`${path}/**/*`));
    }
    const fixed = dirname(`${path.slice(0, path.search(GLOB))}x`);
    return this.#below(fixed === '.' ? '' : fixed, extname(path) === '' ? endings(path) : [path]);
  }

  async #below(dir: string, patterns: readonly string[]): Promise<readonly string[]> {
    const matchers = patterns.map(globExpression);
    return byDepth((await this.#files.list(dir)).filter((name) => matchers.some((matcher) => matcher?.test(name) === true)));
  }
}

const GLOB = /[*?[{]/;

function endings(path: string): readonly string[] {
  return ['.yaml', '.yml'].map((ending) => `${path}${ending}`);
}

/** Of `a.yaml` and `a.yml` only the first. */
function byDepth(paths: readonly string[]): readonly string[] {
  const depth = (path: string): number => path.split('/').length;
  return paths
    .filter((path) => !path.endsWith('.yml') || !paths.includes(path.replace(/yml$/, 'yaml')))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}
