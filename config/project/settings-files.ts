import { dirname, extname } from 'node:path/posix';
import { AtmosError } from '../../engine/index.ts';
import {
  errorAt,
  itemsOf,
  type Located,
  type LocatedMap,
  mapOf,
  member,
  merger,
  parseYaml,
  type TextCache,
  textOf,
} from '../../yaml/index.ts';
import type { ConfigFiles } from '../source/files.ts';
import { globExpression } from '../source/glob.ts';
import { baseOf, clean, isRemote, within } from '../source/paths.ts';

/** Read before the file itself, and whatever it says. */
const ALWAYS = ['atmos.d', '.atmos.d'] as const;
/** How deep imports may import. */
const DEEPEST = 10;

/** Where profiles lie, the first that has one counts. */
const PROFILES = (said: string | undefined): readonly string[] => [...(said === undefined ? [] : [said]), '.atmos/profiles', 'profiles'];

interface SettingsOptions {
  readonly cache: TextCache | undefined;
  /** Names of directories of settings that count more than all others, the last most. */
  readonly profiles?: readonly string[];
}

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
 * merge, anything else replaces. Profiles come last. (Atmos, `pkg/config/load.go`, `imports.go`, `profiles.go`.)
 * @throws AtmosError `invalid-yaml`, `wrong-type`, `unknown-profile`
 */
export async function readSettingsFiles(
  files: ConfigFiles,
  path: string,
  { cache, profiles = [] }: SettingsOptions,
): Promise<SettingsFiles> {
  const reader = new Reader(files, cache);
  const found = await reader.read(path);
  if (found === undefined) return { document: undefined, files: [], unread: [] };
  const main = [...found];
  const layers: LocatedMap[] = [];
  for (const dir of ALWAYS) {
    for (const file of await reader.find(within(clean(dirname(path)), `${dir}/**/*`))) layers.push(...((await reader.read(file)) ?? []));
  }
  const whole = merged([...layers, ...main]);
  const base = baseOf(textOf(member(whole, 'base_path'), '"base_path"') ?? '', path);
  layers.push(...(await reader.imports(whole, base, 1)));
  const dirs = PROFILES(textOf(member(member(whole, 'profiles'), 'base_path'), '"profiles.base_path"')).map((dir) =>
    within(clean(dirname(path)), dir),
  );
  const usual = textOf(member(member(whole, 'profiles'), 'default'), '"profiles.default"')?.trim() ?? '';
  const active = profiles.length > 0 || usual === '' ? profiles : [usual];
  for (const name of active) main.push(...(await reader.profile(name, dirs)));
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

  /** The files of a profile. @throws AtmosError `unknown-profile` */
  async profile(name: string, dirs: readonly string[]): Promise<readonly LocatedMap[]> {
    for (const dir of dirs) {
      const files = name.split('/').includes('..') ? [] : await this.find(`${dir}/${name}/**/*`);
      if (files.length === 0) continue;
      const layers: LocatedMap[] = [];
      for (const file of files) layers.push(...((await this.read(file)) ?? []));
      return layers;
    }
    throw new AtmosError(`there is no profile "${name}", which ATMOS_PROFILE or profiles.default names`, {
      kind: 'invalid',
      code: 'unknown-profile',
      hint: `profiles are directories with files of settings in one of: ${dirs.join(', ')}`,
    });
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
          'copy it into the repository, unless it only defines Atmos commands',
        ]
      : depth > DEEPEST
        ? [`imports are nested more than ${DEEPEST} levels deep`, 'is there a loop?']
        : [`no configuration file matches "${path}"`, 'paths of imports are relative to base_path'];
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
