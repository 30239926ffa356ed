import { basename, dirname, extname, join } from 'node:path/posix';
import { isObject, isRawNumber, type Json, parseJson } from '../../engine/index.ts';
import { parseDotenv } from '../../gotemplate/index.ts';
import {
  type Entry,
  errorAt,
  type Located,
  type LocatedMap,
  type LocatedScalar,
  locate,
  parseYaml,
  query,
  type TextCache,
} from '../../yaml/index.ts';
import { suggestion } from '../model/nearest.ts';
import type { ConfigFiles } from '../source/files.ts';
import { leavesRepository } from '../source/paths.ts';
import { hclParser } from '../terraform/module.ts';

export interface IncludeSources {
  readonly files: ConfigFiles;
  /** `base_path` of atmos.yaml. */
  readonly base: string;
  readonly cache: TextCache | undefined;
}

/**
 * Puts in what `!include` and `!include.raw` name: a file, as what its ending says it is, or a part of it by a query. A path that begins with `./`
 * or `../` is relative to the file that it stands in, where something is there, else and others to `base_path`.
 * @throws AtmosError `missing-include`, `query`, `yaml-function`
 */
export async function resolveIncludes(root: LocatedMap, from: IncludeSources): Promise<LocatedMap> {
  if (!root.at.document.text.includes('!include')) return root;
  return (await resolve(root, from)) as LocatedMap;
}

async function resolve(value: Located, from: IncludeSources): Promise<Located> {
  switch (value.kind) {
    case 'map': {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of value.entries) entries.set(key, { ...entry, value: await resolve(entry.value, from) });
      return { ...value, entries };
    }
    case 'list':
      return { ...value, items: await Promise.all(value.items.map((item) => resolve(item, from))) };
    case 'scalar':
      return value.tag === '!include' || value.tag === '!include.raw' ? include(value, from) : value;
    case 'layers':
      return value;
    default:
      return value satisfies never;
  }
}

async function include(scalar: LocatedScalar, from: IncludeSources): Promise<Located> {
  const [path, expression] = argumentsOf(String(scalar.value ?? ''));
  if (path === undefined)
    throw errorAt(scalar.at, `${scalar.tag} names no file`, { code: 'yaml-function', hint: 'write: !include path [query]' });
  if (/^[a-z0-9+]+:{1,2}/i.test(path)) {
    throw errorAt(scalar.at, `${path} is not a file of this repository`, {
      code: 'yaml-function',
      hint: 'add it to the repository: remote includes are not supported',
    });
  }
  const places = [join(from.base, path)];
  if (/^\.{1,2}\//.test(path)) places.unshift(join(dirname(scalar.at.document.file), path));
  const [file = '', content] = await firstOf(from.files, places);
  if (content === undefined && leavesRepository(file, from.files.above)) {
    throw errorAt(scalar.at, `${scalar.tag}: "${path}" is not in the repository`, { code: 'path-escape', hint: 'put a copy of it there' });
  }
  if (content === undefined) {
    const near = (await from.files.list(dirname(file))).filter((name) => !name.startsWith('.git/'));
    throw errorAt(scalar.at, `${scalar.tag}: there is no file "${path}" (${file})`, {
      code: 'missing-include',
      hint: suggestion(file, near, `files in ${dirname(file)}`),
    });
  }
  const whole =
    scalar.tag === '!include.raw' ? locate(Buffer.from(content).toString('utf8'), scalar.at) : await parse(file, content, scalar, from);
  return expression === undefined ? whole : query(whole, expression, scalar.at);
}

/** The first that is there with its content, else only the first. */
async function firstOf(files: ConfigFiles, paths: readonly string[]): Promise<readonly [path: string | undefined, content?: Uint8Array]> {
  for (const path of paths) {
    const content = leavesRepository(path, files.above) ? undefined : await files.read(path);
    if (content !== undefined) return [path, content];
  }
  return [paths[0]];
}

async function parse(file: string, content: Uint8Array, { at }: LocatedScalar, { cache }: IncludeSources): Promise<Located> {
  const text = Buffer.from(content).toString('utf8');
  switch (/^\.env(?:\.|$)/.test(basename(file)) ? '.env' : extname(file).toLowerCase()) {
    case '.yaml':
    case '.yml':
    case '.json':
      return withoutTags((await parseYaml(file, content, cache)) ?? locate(null, at));
    case '.tf':
    case '.tfvars':
    case '.hcl':
      try {
        return locate(literal(parseJson(JSON.stringify(await (await hclParser(file))(text)))), at);
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw errorAt(at, `${file} is not valid: ${message}`, { code: 'invalid-hcl', cause });
      }
    case '.env':
      if (text.includes('$')) {
        throw errorAt(at, `${file} contains "$": variable expansion is not supported in .env files`, {
          code: 'yaml-function',
          hint: 'write the values out, or include the text with !include.raw',
        });
      }
      return locate(parseDotenv(text), at);
    default:
      return locate(text, at);
  }
}

/** Values as HCL has them. The parser leaves expressions as they are written: nothing computes them here. @throws Error for one */
function literal(value: Json): Json {
  if (Array.isArray(value)) return value.map(literal);
  if (isObject(value) && !isRawNumber(value))
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, literal(below as Json)]));
  if (typeof value !== 'string') return value;
  const expression = /(?<!\$)\$\{|(?<!%)%\{/.exec(value);
  if (expression !== null) throw new Error(`${value} is an expression; only literal values can be included`);
  return value.replaceAll(/([$%])\1\{/g, '$1{');
}

/** What is included is data: where a function stands in it, there is its text. */
function withoutTags(value: Located): Located {
  if (value.kind === 'list') return { ...value, tag: undefined, items: value.items.map(withoutTags) };
  if (value.kind === 'map')
    return {
      ...value,
      tag: undefined,
      entries: new Map([...value.entries].map(([key, entry]) => [key, { ...entry, value: withoutTags(entry.value) }])),
    };
  if (value.kind !== 'scalar' || value.tag === undefined) return value;
  return { ...value, tag: undefined, value: String(value.value ?? '') };
}

/** A path, in quotes or not, and what follows it, in quotes or not. */
function argumentsOf(text: string): readonly [path: string | undefined, expression: string | undefined] {
  const [, double, single, word, rest = ''] = /^\s*(?:"([^"]*)"|'([^']*)'|(\S+))\s*([\s\S]*)$/.exec(text) ?? [];
  const expression = rest.trim().replace(/^(["'])([\s\S]*)\1$/, '$2');
  return [double ?? single ?? word, expression === '' ? undefined : expression];
}
