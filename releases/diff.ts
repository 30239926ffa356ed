import { canonicalJson, type Digest, isObject, type Json, parseJson, type Store } from '../engine/index.ts';
import type { Release } from './types.ts';

/** One thing in which two releases differ. */
export interface Difference {
  /** Its address; `release` for what all components share. */
  readonly component: string;
  /** `vars.replicas`, `settings.workspace`, `source/main.tf`, `image`; empty when the component itself was added or removed. */
  readonly what: string;
  readonly before: Json;
  readonly after: Json;
}

/**
 * What differs from `a` to `b` of all that decides what is applied: images and secrets of the release; per component variables, generated files and settings
 * by key, sources by file. Sorted.
 */
export async function diffReleases(a: Release, b: Release, store: Store): Promise<readonly Difference[]> {
  const addresses = [...new Set([...Object.keys(a.config.components), ...Object.keys(b.config.components)])].sort();
  const differences = (['images', 'secrets', 'reads'] as const).flatMap((key) =>
    diffJson(key, jsonOf(a.config[key]), jsonOf(b.config[key])).map((difference): Difference => ({ component: 'release', ...difference })),
  );
  for (const component of addresses) {
    const before = a.layers[component];
    const after = b.layers[component];
    if (before === undefined || after === undefined) {
      differences.push({ component, what: '', before: before ?? null, after: after ?? null });
      continue;
    }
    const [x, y] = [a, b].map(({ config }) => jsonOf(config.components[component]?.settings)) as [Json, Json];
    const found = [...diffJson('settings', x, y), ...(before === after ? [] : await diffLayers(before, after, store))];
    for (const difference of found) differences.push({ component, ...difference });
  }
  return differences;
}

function jsonOf(value: unknown): Json {
  return (value ?? {}) as Json;
}

async function diffLayers(before: Digest, after: Digest, store: Store): Promise<readonly Omit<Difference, 'component'>[]> {
  const [a, b] = await Promise.all([files(before, store), files(after, store)]);
  const differences: Omit<Difference, 'component'>[] = [];
  for (const path of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [x, y] = [a.get(path), b.get(path)];
    if (x === y) continue;
    const json = path.startsWith('source/') ? undefined : await bothJson(x, y, store);
    if (json === undefined) differences.push({ what: path, before: x ?? null, after: y ?? null });
    else differences.push(...diffJson(NAMES[path] ?? path, json[0], json[1]));
  }
  return differences;
}

/** How generated files are called for people. */
const NAMES: Readonly<Record<string, string>> = {
  'terraform.tfvars.json': 'vars',
  'vars.json': 'vars',
  'env.json': 'env',
  'references.json': 'references',
  'backend.tf.json': 'backend',
  'providers_override.tf.json': 'providers',
  'image.json': 'image',
};

async function files(digest: Digest, store: Store): Promise<ReadonlyMap<string, Digest>> {
  return new Map((await store.tree(digest)).entries.map((entry) => [entry.path, entry.digest]));
}

async function bothJson(x: Digest | undefined, y: Digest | undefined, store: Store): Promise<readonly [Json, Json] | undefined> {
  try {
    return [await readJson(x, store), await readJson(y, store)];
  } catch {
    // Not JSON: the files are compared as wholes.
    return undefined;
  }
}

async function readJson(digest: Digest | undefined, store: Store): Promise<Json> {
  if (digest === undefined) return {};
  const bytes = await store.get(digest);
  return parseJson(Buffer.from(bytes ?? '').toString('utf8'));
}

function diffJson(path: string, before: Json, after: Json): readonly Omit<Difference, 'component'>[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ what: path, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) =>
    diffJson(`${path}.${key}`, (before[key] as Json | undefined) ?? null, (after[key] as Json | undefined) ?? null),
  );
}
