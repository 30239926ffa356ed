import { type Need, type StoreSettings, storeOf } from '../config/index.ts';
import {
  AtmosError,
  allSettled,
  type Digest,
  type GrowingMask,
  type Json,
  type JsonObject,
  makeTree,
  parseJson,
  prettyJson,
  type Store,
  textsIn,
} from '../engine/index.ts';
import { elsewhereReadsOf, storeReadsOf } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import type { ValueStore } from './value-store.ts';

/** What stores are opened and read with. */
export interface StoreAccess {
  /** The stores of `atmos.yaml`. */
  readonly project: { readonly stores: Readonly<Record<string, StoreSettings>> };
  readonly store: Pick<Store, 'tree' | 'get' | 'ephemeral'>;
  /** Learns of what is read: it may be secret. */
  readonly mask: GrowingMask;
}

/** Values by need: by what stands for the store, or the component deployed elsewhere, and the key or output. */
export type Values = Readonly<Record<string, JsonObject>>;

/** Opens a store of a type. @throws AtmosError `store-unreachable` */
type OpenStore = (name: string, settings: StoreSettings) => Promise<ValueStore>;

const TYPES: Readonly<Record<string, OpenStore>> = {
  redis: async (name, settings) => (await import('./redis.ts')).openRedis(name, settings),
};

/**
 * What components read of stores, and of components that are somebody else's, by address: a tree with `stores.json` each. A value of a store may be secret: the trees go when this process does.
 * @throws AtmosError `no-store`, `store-unreachable`
 */
export async function storeTrees(
  access: StoreAccess,
  release: Release,
  run: ReadonlySet<string>,
  elsewhere: Values,
): Promise<Readonly<Record<string, Digest>>> {
  const reads = Object.entries(release.config.components).flatMap(([address, component]) => {
    const [own, others] = run.has(address) ? [storeReadsOf(component), elsewhereReadsOf(component)] : [[], []];
    return own.length + others.length === 0 ? [] : [[address, own, others] as const];
  });
  const values = await readStores(
    access,
    reads.flatMap(([, own]) => own),
  );
  const store = access.store.ephemeral;
  const trees = await allSettled(reads, async ([address, own, others]) => {
    const read = others.map(({ component }) => [component, elsewhere[component] ?? {}] as const);
    const text = prettyJson({ ...only(values, own), ...Object.fromEntries(read) });
    const entry = { path: 'stores.json', mode: '644' as const, digest: await store.put(text), size: Buffer.byteLength(text) };
    return [address, await store.putTree(makeTree([entry]))] as const;
  });
  return Object.fromEntries(trees);
}

/**
 * The values of keys, as deferred values take them. Each store is asked once for each key; what is not there is `null`.
 * @throws AtmosError `no-store`, `store-unreachable`
 */
export async function readStores(access: StoreAccess, reads: readonly Need[]): Promise<Values> {
  const keys = new Map<string, Set<string>>();
  for (const need of reads) keys.set(need.component, (keys.get(need.component) ?? new Set()).add(need.field));
  const found = await allSettled(keys, async ([component, own]) => {
    return [component, await readAll(access, storeOf({ component }) ?? '', own)] as const;
  });
  return Object.fromEntries(found);
}

function only(values: Values, reads: readonly Need[]): Values {
  const own: Record<string, Record<string, Json>> = {};
  for (const { component, field } of reads) {
    own[component] ??= {};
    own[component][field] = values[component]?.[field] ?? null;
  }
  return own;
}

/** Opens a store of `atmos.yaml`. @throws AtmosError `no-store`, `store-unreachable` */
export async function openStore({ project }: Pick<StoreAccess, 'project'>, name: string): Promise<ValueStore> {
  const settings = Object.hasOwn(project.stores, name) ? project.stores[name] : undefined;
  const open = settings === undefined ? undefined : TYPES[settings.type];
  if (settings !== undefined && open !== undefined) return open(name, settings);
  throw new AtmosError(`the release needs the store "${name}", which atmos.yaml does not declare here with a supported type`, {
    kind: 'invalid',
    code: 'no-store',
    hint: `stores must have one of the types ${Object.keys(TYPES).join(', ')}`,
  });
}

async function readAll(access: StoreAccess, name: string, keys: ReadonlySet<string>): Promise<JsonObject> {
  const settings = access.project.stores[name];
  const store = await openStore(access, name);
  try {
    const values = Object.fromEntries(await allSettled(keys, async (key) => [key, readValue(await store.get(key))] as const));
    if (settings?.isPublic !== true) access.mask.add(textsIn(values));
    return values;
  } finally {
    await store.close();
  }
}

/** What is JSON is its value, anything else text. */
function readValue(text: string | undefined): Json {
  if (text === undefined) return null;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
