import { type Digest, isObject, type Json, makeTree, parseJson, prettyJson, type Store, textsIn } from '../../engine/index.ts';
import type { PlannedOutputs } from '../../phases/index.ts';
import { holdsTrue } from './changes.ts';

/** What a plan node's output says of outputs; `undefined` where the plan changes nothing. */
export async function plannedOutputs(plan: Digest, store: Store): Promise<PlannedOutputs | undefined> {
  const entry = (await store.tree(plan)).entries.find(({ path }) => path === 'changes.json');
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  const document: unknown = bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'));
  if (!isObject(document)) return undefined;
  const changes = Object.entries(isObject(document.output_changes) ? document.output_changes : {}).filter(
    (pair): pair is [string, { readonly [key: string]: unknown }] => isObject(pair[1]),
  );
  const named = (isMeant: (change: { readonly [key: string]: unknown }) => boolean): ReadonlySet<string> =>
    new Set(changes.filter(([, change]) => isMeant(change)).map(([name]) => name));
  const unknown = named((change) => holdsTrue(change.after_unknown));
  const gone = named(({ actions }) => Array.isArray(actions) && actions.includes('delete') && !actions.includes('create'));
  const known = changes.filter(([name]) => !unknown.has(name) && !gone.has(name));
  const outputs = known.map(
    ([name, change]) => [name, { value: change.after as Json, sensitive: holdsTrue(change.after_sensitive) }] as const,
  );
  const content = Buffer.from(prettyJson(Object.fromEntries(outputs)));
  const { ephemeral } = store;
  const file = { path: 'outputs.json', mode: '644' as const, digest: await ephemeral.put(content), size: content.length };
  return {
    changed: named(({ actions }) => !Array.isArray(actions) || actions.some((action) => action !== 'no-op')),
    unknown: new Set([...unknown, ...gone]),
    tree: await ephemeral.putTree(makeTree([file])),
    sensitive: outputs.flatMap(([, { value, sensitive }]) => (sensitive ? textsIn(value) : [])),
  };
}
