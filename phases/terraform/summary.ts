import { type Digest, isObject, type JsonObject, jsonDigest, type Store } from '../../engine/index.ts';

/** What a plan would do. Addresses and actions only: values may be secret. */
export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly changes: readonly { readonly address: string; readonly actions: readonly string[] }[];
}

/** Reads `plan.json` (Terraform's JSON output format, plan representation) of a plan node's output. A replacement counts as both. */
export async function readPlan(plan: Digest, store: Store): Promise<PlanSummary> {
  const document = await readFile(plan, 'plan.json', store);
  const resources = Array.isArray(document.resource_changes) ? document.resource_changes : [];
  const changes = resources.flatMap((change: unknown) => {
    if (!isObject(change) || !isObject(change.change) || !Array.isArray(change.change.actions)) return [];
    const actions = change.change.actions.map(String);
    return actions.every((action) => action === 'no-op' || action === 'read') ? [] : [{ address: String(change.address), actions }];
  });
  const outputs = isObject(document.output_changes) ? Object.entries(document.output_changes) : [];
  for (const [name, change] of outputs) {
    if (!isObject(change) || !Array.isArray(change.actions) || change.actions.includes('no-op')) continue;
    changes.push({ address: `output.${name}`, actions: change.actions.map(String) });
  }
  const count = (action: string): number =>
    changes.filter(({ address, actions }) => !address.startsWith('output.') && actions.includes(action)).length;
  return { create: count('create'), update: count('update'), delete: count('delete'), changes };
}

/**
 * The digest that tells whether a component's outputs changed, and nothing else. `null` when one of them is sensitive: a digest of
 * a short secret would give it away, so such outputs count as changed whenever they are applied.
 */
export async function outputsDigest(outputs: Digest, store: Store): Promise<Digest | null> {
  const document = await readFile(outputs, 'outputs.json', store);
  const sensitive = Object.values(document).some((output) => isObject(output) && output.sensitive === true);
  return sensitive ? null : jsonDigest(document);
}

async function readFile(tree: Digest, path: string, store: Store): Promise<JsonObject> {
  const entry = (await store.tree(tree)).entries.find((file) => file.path === path);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  if (bytes === undefined) throw new Error(`${path} is missing`);
  const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!isObject(document)) throw new TypeError(`${path} is not an object`);
  return document as JsonObject;
}
