import {
  type Digest,
  isObject,
  type Json,
  type JsonObject,
  makeTree,
  overlay,
  parseJson,
  prettyJson,
  type Store,
  subtree,
  type Tree,
} from '../../engine/index.ts';
import type { Opened, OpenRequest, PlannedOutputs, PlanSummary, RolloutKind } from '../../phases/index.ts';
import type { ReleaseComponent } from '../../releases/index.ts';
import type { Commands } from './commands.ts';
import { applyNode, componentNode, exportLine, outputsNode, planNode } from './nodes.ts';

/** How components that are commands are rolled out, by what a release says of them: see `settingsOf`. */
export const rollout: RolloutKind = {
  image: ({ image }) => String(image),
  runs: ({ rollout: command }) => typeof command === 'string',
  plans: ({ plan }) => typeof plan === 'string',
  open,
  prepare: (instance, reads) => [componentNode(instance, reads)],
  plan: (instance, options) => planNode(instance, commandsOf(instance.component), options),
  apply: (instance, options) => applyNode(instance, commandsOf(instance.component), options),
  outputs: (instance) => outputsNode(instance, commandsOf(instance.component)),
  readPlan,
  plannedOutputs,
  requiredOutputs: ({ outputs }) => (Array.isArray(outputs) ? outputs.map(String) : []),
};

/** What a release says of a component. */
function commandsOf({ settings }: Pick<ReleaseComponent, 'settings'>): Commands {
  return settings as unknown as Commands;
}

/** Its outputs are read of what runs: what of its environment others produce is not known then. */
async function open({ component, layer, store }: OpenRequest): Promise<Opened> {
  const tree = await store.tree(layer);
  const env = await objectIn(tree, 'env.json', store);
  const text = Object.entries(env).map(([name, value]) => exportLine(component.name, name, value as Json));
  const files = [
    { path: 'vars.json', text: prettyJson(await objectIn(tree, 'vars.json', store)) },
    { path: 'env.sh', text: text.join('') },
  ];
  const entries = await Promise.all(
    files.map(async (file) => ({
      path: file.path,
      mode: '644' as const,
      digest: await store.put(file.text),
      size: Buffer.byteLength(file.text),
    })),
  );
  const whole = overlay([
    { at: 'source', tree: subtree(tree, 'source') },
    { at: '', tree: makeTree(entries) },
  ]);
  return { outputs: [], variableTypes: {}, expressions: new Set(), state: undefined, trees: { component: await store.putTree(whole) } };
}

/** What a plan's `changes` says: `none`, or what there is to do. */
async function readPlan(plan: Digest, store: Store): Promise<PlanSummary> {
  const changes = await fileIn(await store.tree(plan), 'changes', store);
  const none = { create: 0, update: 0, delete: 0, changes: [], warnings: [] };
  if (changes === 'none') return none;
  const isGone = changes === 'destroy';
  const change = { address: changes ?? 'rollout', actions: [isGone ? 'delete' : 'update'] };
  return { ...none, changes: [change], ...(isGone ? { delete: 1 } : { update: 1 }) };
}

/** What a rollout would change is all that its outputs may be: none of them is known before. */
async function plannedOutputs(
  plan: Digest,
  { component }: { readonly component: ReleaseComponent },
  store: Store,
): Promise<PlannedOutputs | undefined> {
  if ((await readPlan(plan, store)).changes.length === 0) return undefined;
  const names = new Set(commandsOf(component).outputs);
  return { changed: names, unknown: names, tree: await store.ephemeral.putTree(makeTree([])), sensitive: [] };
}

async function objectIn(tree: Tree, path: string, store: Store): Promise<JsonObject> {
  const text = await fileIn(tree, path, store);
  const value: unknown = text === undefined ? {} : parseJson(text);
  return isObject(value) ? (value as JsonObject) : {};
}

async function fileIn(tree: Tree, path: string, store: Store): Promise<string | undefined> {
  const entry = tree.entries.find((file) => file.path === path);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}
