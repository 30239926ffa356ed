import { posix } from 'node:path';
import { AtmosError, isObject, type Json } from '../../engine/index.ts';
import type { ModuleSource } from '../project/config-source.ts';
import type { ConfigFiles } from '../source/files.ts';

/** What a root module says of itself. */
export interface TerraformModule {
  readonly variables: readonly string[];
  /** Those that have no default. */
  readonly required: readonly string[];
  /** What kind of value a variable takes: `string`, `list`, `map`, …; of those that say it. */
  readonly variableTypes: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** By local name. `source` is an address: `hashicorp/time`. */
  readonly requiredProviders: Readonly<Record<string, { readonly source: string; readonly version?: string }>>;
  /** Sources of the modules that it calls which are paths: `./x`, `../../modules/y`. Sorted. */
  readonly localModules: readonly string[];
  /** Its own `backend` block (`cloud` for a `cloud` block), and where that is. */
  readonly backend: BackendBlock | undefined;
}

export interface BackendBlock {
  readonly type: string;
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  /** The line itself. */
  readonly text: string;
}

/** Counts up when what is read out of a file changes. */
const PURPOSE = 'module 5';

/**
 * Reads the files directly in a directory that a command reads: `*.tf` and `*.tf.json`, and `tofu` also `*.tofu` and `*.tofu.json`, each in place of the
 * `.tf` of the same name. @throws AtmosError `invalid-hcl`
 */
export async function inspectModule({ files, cache }: ModuleSource, dir: string, command?: Json): Promise<TerraformModule> {
  const own = (await files.list(dir)).filter((path) => !path.slice(dir.length + 1).includes('/'));
  const tofu = command === 'tofu' ? own.filter((path) => /\.tofu(\.json)?$/.test(path)) : [];
  const paths = [
    ...own.filter((path) => /\.tf(\.json)?$/.test(path) && !tofu.includes(path.replace(/\.tf(?=\.json$|$)/, '.tofu'))),
    ...tofu,
  ];
  const contents: { path: string; content: Uint8Array }[] = [];
  for (const path of paths) {
    const content = await files.read(path);
    if (content !== undefined) contents.push({ path, content });
  }
  const all = Buffer.concat(
    contents.flatMap(({ path, content }) => [Buffer.from(`${path.slice(dir.length)}\n${content.length}\n`), content]),
  );
  const known = cache?.get(PURPOSE, all);
  // Written by ourselves, under a key that names its content.
  if (known !== undefined) return within(dir, JSON.parse(known) as TerraformModule);
  const module = combine(
    await Promise.all(
      contents.map(async ({ path, content }) => ({ file: path.slice(dir.length), content, document: await parseFile(path, content) })),
    ),
  );
  await cache?.put(PURPOSE, all, JSON.stringify(module));
  return within(dir, module);
}

/** What is cached names no directory: the same module may lie in several. */
function within(dir: string, module: TerraformModule): TerraformModule {
  return module.backend === undefined ? module : { ...module, backend: { ...module.backend, file: `${dir}${module.backend.file}` } };
}

/**
 * The directories of the local modules that only the tests of a root module name (`run` blocks of `*.tftest.hcl`), relative to the root. @throws
 * AtmosError `invalid-hcl`
 */
export async function testModules(files: ConfigFiles, dir: string): Promise<readonly string[]> {
  const paths = (await files.list(dir)).filter((path) => /^\/(tests\/)?[^/]+\.tftest\.(hcl|json)$/.test(path.slice(dir.length)));
  const found = new Set<string>();
  for (const path of paths) {
    const content = await files.read(path);
    const document = content === undefined ? undefined : await parseFile(path, content);
    const runs = isObject(document) && isObject(document.run) ? Object.values(document.run).flatMap(blocks) : [];
    for (const { source } of runs.flatMap(({ module }) => blocks(module))) {
      if (typeof source === 'string' && /^\.\.?\//.test(source)) found.add(posix.join(dir, source));
    }
  }
  return [...found].sort();
}

async function parseFile(path: string, content: Uint8Array): Promise<unknown> {
  const text = Buffer.from(content).toString('utf8');
  // WebAssembly of 2 MB: loaded only for a file that was never seen before.
  const parse = path.endsWith('.json') ? JSON.parse : await hclParser(path);
  try {
    return await parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const at = /:(\d+),(\d+)/.exec(message);
    const [line, column] = [Number(at?.[1] ?? 1), Number(at?.[2] ?? 1)];
    throw new AtmosError(`${path} is not valid: ${message.replace(/^.*?\[?\S+:\d+,\d+[-\d,]*:\s*/s, '').replace(/\]$/, '')}`, {
      kind: 'invalid',
      code: 'invalid-hcl',
      position: { file: path, line, column, excerpt: { first: line, lines: [text.split('\n')[line - 1] ?? ''] } },
      cause,
    });
  }
}

/** Parses HCL into what it says, as plain values. */
export async function hclParser(path: string): Promise<(text: string) => Promise<unknown>> {
  const { parse } = await import('@cdktn/hcl2json');
  return (text) => parse(path, text);
}

interface ParsedFile {
  readonly file: string;
  readonly content: Uint8Array;
  readonly document: unknown;
}

function combine(parsed: readonly ParsedFile[]): TerraformModule {
  const variables = new Set<string>();
  const variableTypes: Record<string, string> = {};
  const withDefault = new Set<string>();
  const outputs = new Set<string>();
  let backend: BackendBlock | undefined;
  const used = new Set<string>();
  const requiredProviders: Record<string, { source: string; version?: string }> = {};
  const localModules = new Set<string>();
  for (const { file, content, document } of parsed) {
    if (!isObject(document)) continue;
    for (const name of providersUsed(document)) used.add(name);
    for (const [name, block] of Object.entries(isObject(document.variable) ? document.variable : {})) {
      variables.add(name);
      for (const { type, ...more } of blocks(block)) {
        if (Object.hasOwn(more, 'default')) withDefault.add(name);
        const kind = typeof type === 'string' ? /^(?:\$\{)?\s*([a-z]+)/.exec(type)?.[1] : undefined;
        if (kind !== undefined) variableTypes[name] = kind;
      }
    }
    for (const name of Object.keys(isObject(document.output) ? document.output : {})) outputs.add(name);
    for (const block of blocks(document.terraform)) {
      const type = block.cloud !== undefined ? 'cloud' : blocks(block.backend).flatMap((types) => Object.keys(types))[0];
      if (type !== undefined) backend ??= { type, file, ...backendLine(content, type) };
      for (const required of blocks(block.required_providers)) {
        for (const [name, value] of Object.entries(required)) requiredProviders[name] = requirement(name, value);
      }
    }
    const modules = isObject(document.module) ? Object.values(document.module) : [];
    for (const { source } of modules.flatMap(blocks)) {
      if (typeof source === 'string' && /^\.\.?\//.test(source)) localModules.add(source);
    }
  }
  // A provider that nothing requires is one of HashiCorp's.
  for (const name of used) requiredProviders[name] ??= requirement(name, undefined);
  return {
    variables: [...variables].sort(),
    required: [...variables].filter((name) => !withDefault.has(name)).sort(),
    variableTypes,
    outputs: [...outputs].sort(),
    requiredProviders,
    localModules: [...localModules].sort(),
    backend,
  };
}

/** The local names of the providers that a file's resources, data sources and provider blocks use. */
function providersUsed(document: { readonly [key: string]: unknown }): readonly string[] {
  const names = Object.keys(isObject(document.provider) ? document.provider : {});
  for (const kind of ['resource', 'data', 'ephemeral']) {
    for (const [type, all] of Object.entries(isObject(document[kind]) ? document[kind] : {})) {
      for (const block of (isObject(all) ? Object.values(all) : []).flatMap(blocks)) {
        const named = typeof block.provider === 'string' ? /^\$\{\s*([\w-]+)/.exec(block.provider)?.[1] : undefined;
        names.push(named ?? type.split('_')[0] ?? type);
      }
    }
  }
  return names.filter((name) => !BUILT_IN.includes(name));
}

/** Providers that are part of the program: `terraform_data` and its like. */
const BUILT_IN: readonly string[] = ['terraform'];

/** Where a `backend` or `cloud` block begins. */
function backendLine(content: Uint8Array, type: string): Pick<BackendBlock, 'line' | 'text'> {
  const lines = Buffer.from(content).toString('utf8').split('\n');
  const pattern = type === 'cloud' ? /^\s*"?cloud"?\s*[:{]/ : /^\s*"?backend"?\s*["{:]/;
  const index = Math.max(
    0,
    lines.findIndex((line) => pattern.test(line)),
  );
  return { line: index + 1, text: lines[index] ?? '' };
}

/** A block is an object, or a list of them where it may stand several times. */
function blocks(value: unknown): readonly { readonly [key: string]: unknown }[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

function requirement(name: string, value: unknown): { source: string; version?: string } {
  if (typeof value === 'string') return { source: `hashicorp/${name}`, version: value };
  const source = isObject(value) && typeof value.source === 'string' ? value.source : `hashicorp/${name}`;
  return isObject(value) && typeof value.version === 'string' ? { source, version: value.version } : { source };
}
