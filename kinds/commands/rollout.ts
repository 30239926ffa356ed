import { type Digest, makeTree, type Store, type Tree } from '../../engine/index.ts';
import type { PlannedOutputs, PlanSummary, RolloutKind } from '../../phases/index.ts';
import type { ReleaseComponent } from '../../releases/index.ts';
import type { Commands } from './commands.ts';
import { componentNode } from './component.ts';
import { applyNode, outputsNodes, planNode } from './nodes.ts';

/** How components that are commands are rolled out, by what a release says of them: see `settingsOf`. */
export const rollout: RolloutKind = {
  image: ({ image }) => String(image),
  runs: ({ rollout: command }) => typeof command === 'string',
  plans: ({ plan }) => typeof plan === 'string',
  open: async () => ({ outputs: [], variableTypes: {}, expressions: new Set(), state: undefined, trees: {} }),
  prepare: (instance, reads) => [componentNode(instance, reads)],
  plan: (instance, options) => planNode(instance, commandsOf(instance.component), options),
  apply: (instance, options) => applyNode(instance, commandsOf(instance.component), options),
  outputs: (instance, reads) => outputsNodes(instance, commandsOf(instance.component), reads),
  readsUpstream: true,
  readPlan,
  plannedOutputs,
  requiredOutputs: ({ outputs }) => (Array.isArray(outputs) ? outputs.map(String) : []),
};

/** What a release says of a component. */
function commandsOf({ settings }: Pick<ReleaseComponent, 'settings'>): Commands {
  return settings as unknown as Commands;
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

async function fileIn(tree: Tree, path: string, store: Store): Promise<string | undefined> {
  const entry = tree.entries.find((file) => file.path === path);
  const bytes = entry === undefined ? undefined : await store.get(entry.digest);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}
