import { kindErrors, needsOf, resolveDeferred, settingProblems, type UserNode } from '../../config/index.ts';
import { imageDigest } from '../../containers/index.ts';
import {
  AtmosError,
  asOne,
  type Digest,
  type Graph,
  type JsonObject,
  makeGraph,
  type Node,
  outputOf,
  type Results,
  subgraph,
  type TargetRef,
} from '../../engine/index.ts';
import { type ExpansionInputs, expandBuild, expandTests, type Kinds, userNodes } from '../../phases/index.ts';
import { addressOf } from '../workspace/address.ts';
import { failureOf } from '../workspace/failure.ts';
import { examineWith } from '../workspace/kinds.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { type Gathered, gather } from './gather.ts';
import { collectReports, type Report } from './reports.ts';
import type { RunSettings } from './session.ts';

export interface PhaseRequest extends TargetRef {
  /** This component alone, with what it waits for. */
  readonly component: string | undefined;
  /** Say which nodes would be run, and run none of them. */
  readonly dryRun: boolean;
}

export interface PhaseAnswer extends TargetRef {
  /** By node: how it ended, and the milliseconds that took. */
  readonly nodes: Readonly<Record<string, { readonly status: string; readonly ms: number }>>;
  readonly reports: readonly Report[];
  /** Image digests, by component. */
  readonly images: Readonly<Record<string, Digest>>;
  readonly failure: AtmosError | undefined;
}

/** Builds the images of the working tree. Nothing is recorded. */
export async function build(workspace: Workspace, request: PhaseRequest, settings: RunSettings): Promise<PhaseAnswer> {
  return runPhase(workspace, 'build', request, settings, ({ kinds, scope, inputs }) => ({
    nodes: expandBuild(kinds, scope, inputs),
    own: scope.phases.build ?? [],
  }));
}

/** Tests the working tree: what comes with each kind, and the user's own nodes. Nothing is recorded. */
export async function test(workspace: Workspace, request: PhaseRequest, settings: RunSettings): Promise<PhaseAnswer> {
  return runPhase(workspace, 'test', request, settings, ({ kinds, scope, inputs }) => ({
    nodes: [...expandBuild(kinds, scope, inputs), ...expandTests(kinds, scope, inputs)],
    own: scope.phases.test ?? [],
  }));
}

async function runPhase(
  workspace: Workspace,
  phase: 'build' | 'test',
  { deployment, target, component, dryRun }: PhaseRequest,
  settings: RunSettings,
  expand: (gathered: Gathered & { readonly kinds: Kinds }) => { readonly nodes: readonly Node[]; readonly own: readonly UserNode[] },
): Promise<PhaseAnswer> {
  const gathered = await gather(workspace, { deployment, target, at: 'worktree' }, settings, async ({ files }, found) => {
    const wrong = await settingProblems(found, { files, cache: workspace.cache });
    const problems = asOne(wrong.length > 0 ? wrong : await kindErrors(found, examineWith(workspace.kinds)));
    if (problems !== undefined) throw problems;
  });
  const { scope, inputs, session } = gathered;
  const kinds = await workspace.kinds.load();
  try {
    const { nodes, own } = expand({ ...gathered, kinds });
    const extra = userNodes(own.map(withoutOutputs), kinds, scope, inputs, { cache: 'content', secrets: [] });
    const whole = makeGraph([...new Map([...nodes, ...extra].map((node) => [node.id, node])).values()]);
    const address = component === undefined ? undefined : addressOf(component, Object.keys(scope.components));
    const graph = address === undefined ? whole : subgraph(whole, (node) => node.component === address);
    if (dryRun) return { deployment, target, nodes: planned(graph), reports: [], images: {}, failure: undefined };
    const results = await session.run(phase, graph);
    const reports = await collectReports(workspace, scope, own, results);
    const failure = await failureOf(results, workspace, scope);
    return { deployment, target, nodes: endings(results), reports, images: await imageDigests(workspace, inputs, results), failure };
  } finally {
    await session.close();
  }
}

/** Nodes of these phases run before anything is applied: they can't read outputs. @throws AtmosError `outputs-not-known` */
function withoutOutputs(node: UserNode): UserNode {
  const [need] = needsOf(node.env);
  if (need === undefined) return node;
  throw new AtmosError(`node "${node.name}" reads "${need.field}" of ${need.component}, which is not known in this phase`, {
    kind: 'invalid',
    code: 'outputs-not-known',
    hint: 'a node that reads outputs belongs to the phase verify',
  });
}

/** A node with what it reads of outputs filled in. */
export function settledNode(node: UserNode, produced: Readonly<Record<string, JsonObject>>): UserNode {
  return { ...node, env: resolveDeferred(node.env, produced) as JsonObject };
}

function planned(graph: Graph): PhaseAnswer['nodes'] {
  return Object.fromEntries([...graph.nodes.keys()].map((id) => [id, { status: 'planned', ms: 0 }]));
}

export function endings(results: Results): PhaseAnswer['nodes'] {
  return Object.fromEntries(
    [...results.outcomes].map(([id, outcome]) => {
      const status = outcome.status === 'done' && outcome.cached ? 'cached' : outcome.status;
      return [id, { status, ms: outcome.status === 'cancelled' ? 0 : outcome.ms }];
    }),
  );
}

async function imageDigests(
  { store }: Workspace,
  { sources }: ExpansionInputs,
  results: Results,
): Promise<Readonly<Record<string, Digest>>> {
  const digests: Record<string, Digest> = {};
  for (const address of Object.keys(sources)) {
    const image = outputOf(results, `${address}/image`, 'image');
    if (image !== undefined) digests[address] = imageDigest(await store.tree(image));
  }
  return digests;
}
