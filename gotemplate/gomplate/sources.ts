import { extname, isAbsolute, join, relative } from 'node:path/posix';
import { parseDotenv } from '../formats/dotenv.ts';
import { fromCsv, fromToml, fromYaml, toYaml } from '../formats/formats.ts';
import type { Functions } from '../language/call.ts';
import { fromJson } from '../language/json.ts';
import { typed } from '../language/signature.ts';
import { type Dict, isDict, type Value } from '../language/values.ts';
import { merge } from './data.ts';

/** What is behind data sources. */
export interface SourceFiles {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that paths are relative to, absolute. */
  readonly root: string;
  /** The text of a file of the repository; `undefined` when there is none. */
  read(path: string): string | undefined;
  /** What to write instead of a name that there is not. */
  suggest(name: string, names: readonly string[]): string;
}

interface Content {
  readonly text: string;
  readonly type: string;
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
 * Gomplate's data sources, `datasource "name"` and `include "name"`: files, `env:NAME`, and `merge:one|other`, where the first says most. Sources are
 * URLs or paths by name; a path is relative to the repository's root, `?type=` says what a text is whose ending does not.
 */
export function sourceFunctions(named: Readonly<Record<string, string>>, files: SourceFiles): Functions {
  const sources = new Map(Object.entries(named));
  const open = (name: string, below: readonly string[]): Content => {
    const url = sources.get(name);
    if (url === undefined) throw new Error(`undefined datasource '${name}': ${files.suggest(name, [...sources.keys()])}`);
    return contentOf(name, url, below);
  };
  const contentOf = (name: string, url: string, below: readonly string[]): Content => {
    const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase() ?? 'file';
    if (scheme === 'file') return fileOf(name, url, below, files);
    const [rest = '', query] = url.slice(scheme.length + 1).split('?', 2);
    switch (scheme) {
      case 'env':
        return { text: files.env[rest.replace(/^\/+/, '')] ?? '', type: typeIn(query) ?? 'text/plain' };
      case 'merge':
        return { text: toYaml(merged(name, rest.split('|'))), type: 'application/yaml' };
      default:
        throw new Error(
          `datasource '${name}' is not a file of this repository (${scheme}): put it there, since what a stack means must not depend on what a server says today`,
        );
    }
  };
  const merged = (name: string, parts: readonly string[]): Dict => {
    if (parts.length < 2) throw new Error(`datasource '${name}': merge: needs two sources at least, with | between them`);
    const [first = {}, ...others] = parts.map((part) => {
      const value = parse(name, sources.has(part) ? open(part, []) : contentOf(name, part, []));
      if (!isDict(value)) throw new Error(`datasource '${name}': ${part} is no map, and can't be merged`);
      return value;
    });
    return merge(first, others);
  };
  const datasource = typed('ss*', (name, ...below) => parse(name, open(name, below)));
  return {
    datasource,
    ds: datasource,
    include: typed('ss*', (name, ...below) => open(name, below).text),
    datasourceExists: typed('s', (name) => sources.has(name)),
    // Defined already, it stays what it is.
    defineDatasource: typed('ss', (name, url) => {
      if (!sources.has(name)) sources.set(name, url);
      return '';
    }),
    listDatasources: typed('', () => [...sources.keys()].sort()),
  };
}

/** A file below the repository's root, and its media type. */
function fileOf(name: string, url: string, below: readonly string[], files: SourceFiles): Content {
  const [written = '', query] = url.replace(/^file:(\/\/)?/i, '').split('?', 2);
  const [sub] = below;
  const whole = sub === undefined ? written : join(written, sub);
  const path = isAbsolute(whole) ? relative(files.root, whole) : join(whole);
  if (path === '..' || path.startsWith('../') || isAbsolute(path))
    throw new Error(`datasource '${name}': ${whole} is not in the repository`);
  const text = files.read(path);
  if (text === undefined) throw new Error(`datasource '${name}': there is no file ${path}`);
  return { text, type: typeIn(query) ?? TYPES[extname(path)] ?? 'text/plain' };
}

function typeIn(query: string | undefined): string | undefined {
  return new URLSearchParams(query ?? '').get('type') ?? undefined;
}

function parse(name: string, { text, type }: Content): Value {
  try {
    return decoded(text, type);
  } catch (cause) {
    throw new Error(`datasource '${name}': ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function decoded(text: string, type: string): Value {
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
