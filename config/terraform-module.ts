import { AtmosError, isObject } from '../engine/index.ts';
import type { ConfigFiles } from './files.ts';
import type { TextCache } from './text-cache.ts';

/** What a root module says of itself. */
export interface TerraformModule {
  readonly variables: readonly string[];
  readonly outputs: readonly string[];
  /** By local name. `source` is an address: `hashicorp/time`. */
  readonly requiredProviders: Readonly<Record<string, { readonly source: string; readonly version?: string }>>;
  /** Sources of the modules that it calls which are paths: `./x`, `../../modules/y`. Sorted. */
  readonly localModules: readonly string[];
  /** The type of the `backend` block (`cloud` for a `cloud` block), which a generated one overrides. */
  readonly backend: string | undefined;
}

/** Counts up when what is read out of a file changes. */
const PURPOSE = 'module 2';

/** Reads the `*.tf` and `*.tf.json` files directly in a directory. @throws AtmosError `invalid-hcl` */
export async function inspectModule(files: ConfigFiles, dir: string, cache?: TextCache): Promise<TerraformModule> {
  const paths = (await files.list(dir)).filter((path) => /\.tf(\.json)?$/.test(path) && !path.slice(dir.length + 1).includes('/'));
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
  if (known !== undefined) return JSON.parse(known) as TerraformModule;
  const module = combine(await Promise.all(contents.map(({ path, content }) => parseFile(path, content))));
  await cache?.put(PURPOSE, all, JSON.stringify(module));
  return module;
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

function combine(documents: readonly unknown[]): TerraformModule {
  const variables = new Set<string>();
  const outputs = new Set<string>();
  let backend: string | undefined;
  const requiredProviders: Record<string, { source: string; version?: string }> = {};
  const localModules = new Set<string>();
  for (const document of documents) {
    if (!isObject(document)) continue;
    for (const name of Object.keys(isObject(document.variable) ? document.variable : {})) variables.add(name);
    for (const name of Object.keys(isObject(document.output) ? document.output : {})) outputs.add(name);
    for (const block of blocks(document.terraform)) {
      backend ??= block.cloud !== undefined ? 'cloud' : blocks(block.backend).flatMap((types) => Object.keys(types))[0];
      for (const required of blocks(block.required_providers)) {
        for (const [name, value] of Object.entries(required)) requiredProviders[name] = requirement(name, value);
      }
    }
    const modules = isObject(document.module) ? Object.values(document.module) : [];
    for (const { source } of modules.flatMap(blocks)) {
      if (typeof source === 'string' && /^\.\.?\//.test(source)) localModules.add(source);
    }
  }
  return {
    variables: [...variables].sort(),
    outputs: [...outputs].sort(),
    requiredProviders,
    localModules: [...localModules].sort(),
    backend,
  };
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
