import {
  AtmosError,
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

/** The same of a tool that prints an object with the values alone: none of them is sensitive, or all are. */
const VALUES_FILE = 'values.json';
const SENSITIVE_FILE = 'sensitive-values.json';

const FILES: readonly string[] = [OUTPUTS_FILE, VALUES_FILE, SENSITIVE_FILE];

type Read = (digest: Digest) => Promise<Uint8Array>;

interface Output {
  readonly value: Json;
  readonly sensitive: boolean;
}

async function outputsIn(tree: Tree, read: Read, whose = 'its outputs'): Promise<Readonly<Record<string, Output>> | undefined> {
  const entry = tree.entries.find(({ path }) => FILES.includes(path));
  if (entry === undefined) return undefined;
  const outputs = objectIn(await read(entry.digest), whose);
  const isPlain = entry.path !== OUTPUTS_FILE;
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]): [string, Output] => {
      if (isPlain) return [name, { value: output as Json, sensitive: entry.path === SENSITIVE_FILE }];
      return [
        name,
        isObject(output) ? { value: output.value as Json, sensitive: output.sensitive === true } : { value: null, sensitive: false },
      ];
    }),
  );
}

/** @throws AtmosError `wrong-outputs` */
function objectIn(bytes: Uint8Array, whose: string): { readonly [key: string]: unknown } {
  let outputs: unknown;
  try {
    outputs = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // What it is, is told below.
  }
  if (isObject(outputs)) return outputs;
  throw new AtmosError(`${whose} are not a JSON object in UTF-8`, {
    kind: 'failed',
    code: 'wrong-outputs',
    hint: 'print an object: { "name": value }; where what is read is gone, roll that component out again',
  });
}

/** The values of the outputs in a tree, by name. `whose` is for messages. @throws AtmosError `wrong-outputs` */
export async function outputValues(tree: Tree, read: Read, whose?: string): Promise<JsonObject> {
  const outputs = (await outputsIn(tree, read, whose)) ?? {};
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}

/** The names of those that are sensitive. @throws AtmosError `wrong-outputs` */
export async function sensitiveNames(tree: Tree, read: Read, whose?: string): Promise<ReadonlySet<string>> {
  const outputs = (await outputsIn(tree, read, whose)) ?? {};
  return new Set(Object.entries(outputs).flatMap(([name, { sensitive }]) => (sensitive ? [name] : [])));
}

/** The texts and numbers in the outputs that are sensitive; none where they can't be read, which whoever needs them is told. */
export async function sensitiveValues(tree: Tree, read: Read): Promise<readonly string[]> {
  const outputs = await outputsIn(tree, read).catch((error: unknown) => {
    if (error instanceof AtmosError && error.code === 'wrong-outputs') return undefined;
    throw error;
  });
  return Object.values(outputs ?? {}).flatMap(({ value, sensitive }) => (sensitive ? textsIn(value) : []));
}

/**
 * The digest that tells whether a component's outputs changed, and nothing else. `null` when one of them is sensitive: a digest of
 * a short secret would give it away, so such outputs count as changed whenever they are applied.
 */
export async function outputsDigest(outputs: Digest, store: Store): Promise<Digest | null> {
  const tree = await store.tree(outputs);
  const entry = tree.entries.find(({ path }) => FILES.includes(path));
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  if (bytes === undefined) throw new Error('outputs are missing');
  const found = await outputsIn(tree, async () => bytes);
  if (Object.values(found ?? {}).some(({ sensitive }) => sensitive)) return null;
  return jsonDigest(parseJson(Buffer.from(bytes).toString('utf8')));
}
