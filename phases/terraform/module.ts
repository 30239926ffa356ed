import { needsOf, settle } from '../../config/index.ts';
import {
  AtmosError,
  type ComputeFunction,
  type ComputeIo,
  isObject,
  type Json,
  type JsonObject,
  makeTree,
  overlay,
  parseJson,
  prettyJson,
  subtree,
  type Tree,
  textsIn,
} from '../../engine/index.ts';

export const MODULE = { name: 'terraform-module', version: 5 } as const;

/** Arguments of the module node. */
export interface ModuleArgs {
  readonly component: string;
  /** Directory of the root module in the source tree. */
  readonly root: string;
  /** Components whose outputs are inputs `outputs/<address>`. */
  readonly upstream: readonly string[];
  /** Whether there is an input `stores`: a tree with `stores.json`. */
  readonly stores: boolean;
  /** The outputs that the components of `upstream` declare, by address: one that has no value now is null, and stands in no state. */
  readonly declared: Readonly<Record<string, readonly string[]>>;
  /** For a component that is to be destroyed: what it read of components that are gone is an empty value of its variable's type, by name. */
  readonly gone: Readonly<Record<string, string>> | null;
}

/**
 * The file with a component's variables. Of files that Terraform loads by itself the last one counts, in the order of their names: it wins over the
 * component's own `terraform.tfvars` and `*.auto.tfvars`, as what Atmos gives by `-var-file` does; and it is there again when a plan is applied, which
 * ephemeral variables need.
 */
export const VARS_FILE = '~~atmos-deployment.auto.tfvars.json';

/** Generated files that Terraform reads, in the root module's directory. */
const GENERATED = ['backend.tf.json', 'providers_override.tf.json', '.terraform.lock.hcl'];

/**
 * Makes the directory that Terraform runs in from a component's layer, with what its references now stand for.
 * Inputs `layer`, `outputs/<address>` and `stores`; output `module`.
 */
export const layOutModule: ComputeFunction = async (json, io) => {
  const args = json as unknown as ModuleArgs;
  const layer = io.input('layer');
  const vars = { ...(await readJson(layer, 'terraform.tfvars.json', io)), ...(await settledReferences(layer, args, io)) };
  const tfvars = { path: VARS_FILE, mode: '644' as const, ...(await io.put(prettyJson(vars))) };
  const generated = makeTree([...layer.entries.filter(({ path }) => GENERATED.includes(path)), tfvars]);
  return {
    module: overlay([
      { at: '', tree: subtree(layer, 'source') },
      { at: args.root, tree: generated },
    ]),
  };
};

async function settledReferences(layer: Tree, args: ModuleArgs, io: ComputeIo): Promise<JsonObject> {
  const { vars = {} } = (await readJson(layer, 'references.json', io)) as { vars?: JsonObject };
  const produced: Record<string, JsonObject> = args.stores
    ? { ...((await readJson(io.input('stores'), 'stores.json', io)) as Record<string, JsonObject>) }
    : {};
  for (const address of args.upstream) {
    const nulls = Object.fromEntries((args.declared[address] ?? []).map((name) => [name, null]));
    produced[address] = { ...nulls, ...(await outputValues(io.input(`outputs/${address}`), (digest) => io.read(digest))) };
  }
  const settled = (args.gone === null ? settle(vars, produced) : settleGone(vars, produced, args.gone)) as JsonObject;
  for (const { component, field } of needsOf(settled)) {
    const names = Object.keys(produced[component] ?? {}).sort();
    throw new AtmosError(`${args.component} reads output "${field}" of ${component.replace(/^read\//, '')}, which has no such output`, {
      kind: 'failed',
      code: 'no-such-output',
      hint: names.length === 0 ? `${component} has no outputs` : `its outputs are: ${names.join(', ')}`,
    });
  }
  return settled;
}

/**
 * The variables of a component that is to be destroyed: a destroy needs no values, but Terraform checks their types. What can't be computed of what is
 * left is empty, too.
 */
function settleGone(vars: JsonObject, produced: Readonly<Record<string, JsonObject>>, types: Readonly<Record<string, string>>): JsonObject {
  const settled = Object.entries(vars).map(([name, value]): [string, Json] => {
    const isThere = needsOf(value).every(({ component, field }) => Object.hasOwn(produced[component] ?? {}, field));
    const empty = EMPTY[types[name] ?? 'string'] ?? null;
    return [name, isThere ? settledOr(value, produced, empty) : empty];
  });
  return Object.fromEntries(settled);
}

/** A value, or another one where it can't be computed: a key that is gone from its store. */
function settledOr(value: Json, produced: Readonly<Record<string, JsonObject>>, other: Json): Json {
  try {
    return settle(value, produced);
  } catch (error) {
    if (error instanceof AtmosError) return other;
    throw error;
  }
}

const EMPTY: Readonly<Record<string, Json>> = { string: '', any: '', number: 0, bool: false, list: [], set: [], tuple: [], map: {} };

type Read = (digest: Tree['entries'][number]['digest']) => Promise<Uint8Array>;

/** The values in a tree with the `outputs.json` that `terraform output -json` writes. */
export async function outputValues(tree: Tree, read: Read): Promise<JsonObject> {
  const entry = tree.entries.find(({ path }) => path === 'outputs.json');
  if (entry === undefined) return {};
  const outputs: unknown = parseJson(Buffer.from(await read(entry.digest)).toString('utf8'));
  if (!isObject(outputs)) throw new TypeError('not the outputs of terraform');
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, isObject(output) ? (output.value as Json) : null]));
}

/** The texts and numbers in the outputs that Terraform calls sensitive: of a tree with `outputs.json`. */
export async function sensitiveValues(tree: Tree, read: Read): Promise<readonly string[]> {
  const entry = tree.entries.find(({ path }) => path === 'outputs.json');
  if (entry === undefined) return [];
  const outputs: unknown = parseJson(Buffer.from(await read(entry.digest)).toString('utf8'));
  const sensitive = isObject(outputs) ? Object.values(outputs).filter((output) => isObject(output) && output.sensitive === true) : [];
  return sensitive.flatMap((output) => textsIn((output as { value: unknown }).value));
}

async function readJson(tree: Tree, path: string, io: ComputeIo): Promise<JsonObject> {
  const entry = tree.entries.find((file) => file.path === path);
  return entry === undefined ? {} : (parseJson(Buffer.from(await io.read(entry.digest)).toString('utf8')) as JsonObject);
}
