import {
  type Digest,
  isObject,
  type Json,
  type JsonObject,
  jsonDigest,
  parseJson,
  type Store,
  type Tree,
  textsIn,
} from '../engine/index.ts';

/** The outputs of a component, in the tree that its nodes export: by name, as `terraform output -json` writes them. */
const OUTPUTS_FILE = 'outputs.json';

/** The same of a tool that prints an object with the values alone: none of them is sensitive. */
const VALUES_FILE = 'values.json';

type Read = (digest: Digest) => Promise<Uint8Array>;

interface Output {
  readonly value: Json;
  readonly sensitive: boolean;
}

async function outputsIn(tree: Tree, read: Read): Promise<Readonly<Record<string, Output>> | undefined> {
  const entry = tree.entries.find(({ path }) => path === OUTPUTS_FILE) ?? tree.entries.find(({ path }) => path === VALUES_FILE);
  if (entry === undefined) return undefined;
  const outputs: unknown = parseJson(Buffer.from(await read(entry.digest)).toString('utf8'));
  if (!isObject(outputs)) throw new TypeError('outputs are not an object');
  const isPlain = entry.path === VALUES_FILE;
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]): [string, Output] => {
      if (isPlain) return [name, { value: output as Json, sensitive: false }];
      return [
        name,
        isObject(output) ? { value: output.value as Json, sensitive: output.sensitive === true } : { value: null, sensitive: false },
      ];
    }),
  );
}

/** The values of the outputs in a tree, by name. */
export async function outputValues(tree: Tree, read: Read): Promise<JsonObject> {
  const outputs = (await outputsIn(tree, read)) ?? {};
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}

/** The texts and numbers in the outputs that are sensitive. */
export async function sensitiveValues(tree: Tree, read: Read): Promise<readonly string[]> {
  return Object.values((await outputsIn(tree, read)) ?? {}).flatMap(({ value, sensitive }) => (sensitive ? textsIn(value) : []));
}

/**
 * The digest that tells whether a component's outputs changed, and nothing else. `null` when one of them is sensitive: a digest of
 * a short secret would give it away, so such outputs count as changed whenever they are applied.
 */
export async function outputsDigest(outputs: Digest, store: Store): Promise<Digest | null> {
  const tree = await store.tree(outputs);
  const entry = tree.entries.find(({ path }) => path === OUTPUTS_FILE || path === VALUES_FILE);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  if (bytes === undefined) throw new Error('outputs are missing');
  const found = await outputsIn(tree, async () => bytes);
  if (Object.values(found ?? {}).some(({ sensitive }) => sensitive)) return null;
  return jsonDigest(parseJson(Buffer.from(bytes).toString('utf8')));
}
