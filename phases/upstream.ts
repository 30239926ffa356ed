import { needsOf, resolveDeferred } from '../config/index.ts';
import { AtmosError, type ComputeIo, type Input, type Json, type JsonObject, parseJson, type Tree } from '../engine/index.ts';
import type { Instance, UpstreamReads } from './kind.ts';
import { outputValues } from './outputs.ts';
import { input } from './step.ts';

/** Arguments of a node that computes the variables of a component. */
export interface VariablesArgs {
  readonly component: string;
  /** Components whose outputs are inputs `outputs/<address>`. */
  readonly upstream: readonly string[];
  /** Whether there is an input `stores`: a tree with `stores.json`. */
  readonly stores: boolean;
  /** The outputs that the components of `upstream` declare, by address: one that has no value now is null, and stands in no state. */
  readonly declared: Readonly<Record<string, readonly string[]>>;
  /** For a component that is to be destroyed: what it read of components that are gone is an empty value of its variable's type, by name. */
  readonly gone: Readonly<Record<string, string>> | null;
}

/** The arguments and inputs of such a node. */
export function variablesNode(
  { address, layer, stores, variableTypes }: Instance,
  { outputs, declared, isGone }: UpstreamReads,
): { readonly args: VariablesArgs; readonly inputs: readonly Input[] } {
  const upstream = Object.keys(outputs);
  return {
    args: { component: address, upstream, declared, stores: stores !== undefined, gone: isGone ? variableTypes : null },
    inputs: [
      input('layer', layer),
      ...(stores === undefined ? [] : [input('stores', stores)]),
      ...Object.entries(outputs).map(([from, tree]) => input(`outputs/${from}`, tree)),
    ],
  };
}

/** What a layer's references to others (`references.json`: a section each) stand for now. @throws AtmosError `no-such-output` */
export async function settledReferences(section: 'vars' | 'env', args: VariablesArgs, io: ComputeIo): Promise<JsonObject> {
  const references = (await readJson(io.input('layer'), 'references.json', io)) as Readonly<Record<string, JsonObject>>;
  const values = references[section] ?? {};
  const produced: Record<string, JsonObject> = args.stores
    ? { ...((await readJson(io.input('stores'), 'stores.json', io)) as Record<string, JsonObject>) }
    : {};
  for (const address of args.upstream) {
    const nulls = Object.fromEntries((args.declared[address] ?? []).map((name) => [name, null]));
    produced[address] = {
      ...nulls,
      ...(await outputValues(io.input(`outputs/${address}`), (digest) => io.read(digest), `the outputs of ${address}`)),
    };
  }
  const settled = (args.gone === null ? resolveDeferred(values, produced) : settleGone(values, produced, args.gone)) as JsonObject;
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
 * The variables of a component that is to be destroyed: a destroy needs no values, but their types may be checked. What can't be computed of what is
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
    return resolveDeferred(value, produced);
  } catch (error) {
    if (error instanceof AtmosError) return other;
    throw error;
  }
}

const EMPTY: Readonly<Record<string, Json>> = { string: '', any: '', number: 0, bool: false, list: [], set: [], tuple: [], map: {} };

/** A file of a tree as a JSON object; empty where there is none. */
export async function readJson(tree: Tree, path: string, io: ComputeIo): Promise<JsonObject> {
  const entry = tree.entries.find((file) => file.path === path);
  return entry === undefined ? {} : (parseJson(Buffer.from(await io.read(entry.digest)).toString('utf8')) as JsonObject);
}
