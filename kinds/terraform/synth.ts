import { resolveDeferred } from '../../config/index.ts';
import {
  type ComputeFunction,
  type ComputeIo,
  isObject,
  type Json,
  type JsonObject,
  makeTree,
  overlay,
  prettyJson,
  type Tree,
  type TreeEntry,
} from '../../engine/index.ts';
import { holdsDeferred, type ImageArgs, producedImages } from '../../phases/index.ts';
import { LOCAL } from './prepare.ts';

export const SYNTH = { name: 'terraform-synth', version: 2 } as const;

/** Arguments of the synth node. Values may hold `Deferred`. */
export interface SynthArgs extends ImageArgs {
  readonly vars: JsonObject;
  readonly backendType: string;
  readonly backend: JsonObject;
  readonly providers: JsonObject;
}

/**
 * Makes a terraform component's layer: the source tree, the lock file and the generated files, canonical. Inputs `source`, `lock`, and `image/<address>`;
 * output `files`. What comes from another component's outputs stays a reference, in `references.json`.
 */
export const synthesize: ComputeFunction = async (json, io) => {
  const args = json as unknown as SynthArgs;
  const produced = producedImages(args, io);
  const vars = resolveDeferred(args.vars, produced) as JsonObject;
  const known = Object.entries(vars).filter(([, value]) => !holdsDeferred(value));
  const references = Object.entries(vars).filter(([, value]) => holdsDeferred(value));
  const generated: Record<string, Json | undefined> = {
    'backend.tf.json': backendFile(args.backendType, resolveDeferred(args.backend, produced) as JsonObject),
    'providers_override.tf.json':
      Object.keys(args.providers).length === 0 ? undefined : { provider: aliased(resolveDeferred(args.providers, produced) as JsonObject) },
    'terraform.tfvars.json': Object.fromEntries(known),
    'references.json': references.length === 0 ? undefined : { vars: Object.fromEntries(references) },
  };
  const files: TreeEntry[] = [];
  for (const [path, content] of Object.entries(generated)) {
    if (content !== undefined) files.push(await file(path, prettyJson(content), io));
  }
  return {
    files: overlay([
      { at: 'source', tree: withoutLock(io.input('source')) },
      { at: '', tree: io.input('lock') },
      { at: '', tree: makeTree(files) },
    ]),
  };
};

/** `aws.second` is another configuration of `aws`, as Atmos writes it: a list with an `alias` in all but the first. */
export function aliased(providers: JsonObject): JsonObject {
  const named = Object.entries(providers).map(([key, value]) => ({ key, value, name: key.split('.', 1)[0] ?? key }));
  const withAliases = new Set(named.filter(({ key, name }) => key !== name).map(({ name }) => name));
  const configurations = (wanted: string): Json =>
    named
      .filter(({ name }) => name === wanted)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap(({ key, value }): Json[] => {
        if (key === wanted) return Array.isArray(value) ? value : [value];
        return [{ alias: key.slice(wanted.length + 1), ...(isObject(value) ? (value as JsonObject) : {}) }];
      });
  return Object.fromEntries(named.map(({ key, value, name }) => (withAliases.has(name) ? [name, configurations(name)] : [key, value])));
}

async function file(path: string, text: string, io: ComputeIo): Promise<TreeEntry> {
  return { path, mode: '644', ...(await io.put(text)) };
}

/** The lock file stands beside the generated files; the source's own would be there twice. */
function withoutLock(tree: Tree): Tree {
  return { entries: tree.entries.filter(({ path }) => !path.endsWith('.terraform.lock.hcl')) };
}

/** Atmos's `backend.tf.json`; a local backend's state lies in the mounted state directory. */
export function backendFile(type: string, backend: JsonObject): Json {
  const own = type === 'local' ? LOCAL : backend;
  if (type === 'cloud') return { terraform: { cloud: own } };
  return { terraform: { backend: { [type]: own } } };
}
