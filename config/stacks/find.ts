import { dirname, extname, join } from 'node:path/posix';
import { errorAt, type Place } from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import type { ConfigFiles } from '../source/files.ts';
import { globExpression, inGlobOrder } from '../source/glob.ts';
import { isRemote, leavesRepository } from '../source/paths.ts';

/** Endings that an import may leave out, in the order that they are tried. */
const ENDINGS = ['', '.yaml', '.yml', '.yaml.tmpl', '.yml.tmpl'];

const MANIFEST = /\.ya?ml(?:\.tmpl)?$/;

/** What an import names, and where. */
export interface Wanted {
  readonly path: string;
  readonly at: Place;
  /** Nothing there is no error. */
  readonly optional: boolean;
  /** The file that imports it. */
  readonly from: string | undefined;
}

/** Finds the files that imports name: those below `base`, or beside the importing file. */
export class StackFinder {
  readonly #files: ConfigFiles;
  readonly #base: string;
  readonly #exists: (path: string) => Promise<boolean>;
  #listing: Promise<readonly string[]> | undefined;

  constructor(files: ConfigFiles, base: string, exists: (path: string) => Promise<boolean>) {
    this.#files = files;
    this.#base = base;
    this.#exists = exists;
  }

  /** @throws AtmosError `missing-stack`, `path-escape`, `remote-import` */
  async find(wanted: Wanted): Promise<readonly string[]> {
    const { path, from } = wanted;
    if (isRemote(path)) {
      throw errorAt(wanted.at, `"${path}" is outside the repository; remote imports are not supported`, {
        code: 'remote-import',
        hint: 'vendor the file into the repository (atmos vendor pull) and import that copy',
      });
    }
    const relative = path.startsWith('./') || path.startsWith('../');
    const full = relative && from !== undefined ? join(dirname(from), path) : join(this.#base, path);
    if (leavesRepository(full, this.#files.above)) {
      throw errorAt(wanted.at, `"${path}" is not in the repository`, {
        code: 'path-escape',
        hint: 'stacks are imported from this repository',
      });
    }
    if (/[*?[{]/.test(path)) return this.#glob(full, wanted);
    // A template of the same name counts more than a file that is named with its ending.
    if (/\.ya?ml$/.test(full) && (await this.#exists(`${full}.tmpl`))) return [`${full}.tmpl`];
    for (const ending of ENDINGS) {
      if (ending === '' && !/\.(ya?ml|tmpl)$/.test(full)) continue;
      if (await this.#exists(`${full}${ending}`)) return [`${full}${ending}`];
    }
    if (wanted.optional) return [];
    this.#listing ??= this.#files.list(this.#base);
    const names = (await this.#listing)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => name.slice(this.#base.length + 1).replace(/\.ya?ml$/, ''));
    throw errorAt(wanted.at, `there is no stack "${path}" (${full}${/\.(ya?ml|tmpl)$/.test(full) ? '' : '.yaml'})`, {
      code: 'missing-stack',
      hint: suggestion(path, names, 'stacks'),
    });
  }

  async #glob(pattern: string, wanted: Wanted): Promise<readonly string[]> {
    const fixed = pattern.slice(0, pattern.search(/[*?[{]/));
    const matcher = globExpression(extname(pattern) === '' ? `${pattern}.yaml` : pattern);
    if (matcher === undefined)
      throw errorAt(wanted.at, `invalid glob "${wanted.path}"`, { code: 'invalid-glob', hint: 'close its braces and brackets' });
    const all = await this.#files.list(dirname(`${fixed}x`));
    const found = inGlobOrder(all.filter((name) => MANIFEST.test(name) && matcher.test(name)));
    if (found.length > 0 || wanted.optional) return found;
    throw errorAt(wanted.at, `no stack matches "${wanted.path}"`, {
      code: 'missing-stack',
      hint: 'globs without an extension match .yaml files',
    });
  }
}
