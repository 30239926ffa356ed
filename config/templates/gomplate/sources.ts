import { dirname, extname, isAbsolute, join, relative } from 'node:path/posix';
import { parseDotenv } from '../../dotenv.ts';
import type { Functions } from '../evaluate.ts';
import { fromCsv, fromToml, fromYaml } from '../formats.ts';
import { fromJson } from '../json.ts';
import { typed } from '../signature.ts';
import type { Value } from '../values.ts';

/** The files behind data sources. */
export interface SourceFiles {
  /** The repository's directory, absolute. */
  root(): string;
  /** The text of a file of the repository; `undefined` when there is none. */
  read(path: string): string | undefined;
  /** What to write instead of a name that there is not. */
  suggest(name: string, names: readonly string[]): string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.toml': 'application/toml',
  '.csv': 'text/csv',
  '.env': 'application/x-env',
};

/**
 * Gomplate's data sources of local files: `datasource "name"`, `include "name"`. Sources are URLs or paths by name; a path is relative to the
 * repository's root, `?type=` says what a file is whose ending does not.
 */
export function sourceFunctions(sources: Readonly<Record<string, string>>, files: SourceFiles): Functions {
  const open = (name: string, below: readonly string[]): { readonly text: string; readonly type: string } => {
    const url = sources[name];
    if (url === undefined) throw new Error(`undefined datasource '${name}': ${files.suggest(name, Object.keys(sources))}`);
    const { path, type } = pathOf(name, url, below, files);
    const text = files.read(path);
    if (text === undefined) throw new Error(`datasource '${name}': there is no file ${path}`);
    return { text, type };
  };
  const datasource = typed('ss*', (name, ...below) => {
    const { text, type } = open(name, below);
    return parse(text, type);
  });
  return {
    datasource,
    ds: datasource,
    include: typed('ss*', (name, ...below) => open(name, below).text),
    datasourceExists: typed('s', (name) => Object.hasOwn(sources, name)),
  };
}

/** Where a source's file lies below the repository's root, and its media type. */
function pathOf(name: string, url: string, below: readonly string[], files: SourceFiles): { readonly path: string; readonly type: string } {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') {
    throw new Error(
      `datasource '${name}' is not a file of this repository (${scheme}): put it there, since what a stack means must not depend on what a server says today`,
    );
  }
  const [written = '', query] = url.replace(/^file:(\/\/)?/i, '').split('?', 2);
  // Like a relative URL: from the directory of the file, or from the directory itself.
  const [sub] = below;
  const whole = sub === undefined ? written : join(written.endsWith('/') ? written : dirname(written), sub);
  const path = isAbsolute(whole) ? relative(files.root(), whole) : join(whole);
  if (path === '..' || path.startsWith('../') || isAbsolute(path))
    throw new Error(`datasource '${name}': ${whole} is not in the repository`);
  return { path, type: new URLSearchParams(query ?? '').get('type') ?? TYPES[extname(path)] ?? 'text/plain' };
}

function parse(text: string, type: string): Value {
  switch (type) {
    case 'application/json':
    case 'application/array+json':
      return fromJson(text, 'integers');
    case 'application/yaml':
    case 'application/array+yaml':
      return fromYaml(text);
    case 'application/toml':
      return fromToml(text);
    case 'text/csv':
      return fromCsv(text);
    case 'application/x-env':
      return parseDotenv(text);
    case 'text/plain':
      return text;
    default:
      throw new Error(`no datasource can be read as ${type}`);
  }
}
