import { needsOf, storeOf } from '../config/index.ts';
import { AtmosError, type JsonObject, makeGraph, outputOf, type Results } from '../engine/index.ts';
import { expandBuild, expandOutputs, expandRollout, outputValues, type PlanSummary, readPlan, userNodes } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import { firstFailure } from './failure.ts';
import { gather } from './gather.ts';
import { nothingDeployed } from './nothing-deployed.ts';
import { loadRelease } from './release.ts';
import { releaseGround } from './release-ground.ts';
import { collectReports, type Report } from './reports.ts';
import { secretValues } from './secrets.ts';
import type { RunSettings } from './session.ts';
import { readStores, storeTrees } from './stores/index.ts';
import { endings, type PhaseAnswer, settledNode } from './test.ts';
import type { Workspace } from './workspace.ts';

export interface VerifyAnswer {
  readonly deployment: string;
  readonly target: string;
  readonly release: Release['digest'];
  /** What differs from what was applied, by component; a component without drift is not in it. */
  readonly drift: Readonly<Record<string, PlanSummary>>;
  readonly nodes: PhaseAnswer['nodes'];
  readonly reports: readonly Report[];
  readonly failure: AtmosError | undefined;
}

/** Checks what a target runs: whether the world still is as it was applied, then the user's own nodes, with outputs as they are now. */
export async function verify(workspace: Workspace, deployment: string, target: string, settings: RunSettings): Promise<VerifyAnswer> {
  const { ledger } = await workspace.tracking();
  const state = await ledger.state(deployment, target);
  if (state.release === null) throw nothingDeployed(deployment, target);
  const release = await loadRelease(workspace, state.release);
  const { scope, ground, session } = await gather(workspace, { deployment, target, at: { commit: release.config.commit } }, settings);
  try {
    const secrets = secretValues(release);
    const own = scope.phases.verify ?? [];
    const needs = own.flatMap((node) => needsOf(node.env));
    const read = [...new Set(needs.map(({ component }) => component))];
    const run = new Set(Object.keys(state.components));
    const releaseTrees = { ...(await releaseGround(workspace, release)), stores: await storeTrees(workspace, release, run) };
    const plans = expandRollout(release, releaseTrees, { purpose: 'plan', run, applied: run }).graph;
    const outputs = expandOutputs(
      release,
      releaseTrees,
      read.filter((address) => address.startsWith('terraform/')),
    );
    const first = makeGraph([...new Map([...plans.nodes, ...outputs.nodes]).values()]);
    const looked = await session.run(first, secrets);
    const failedLook = await firstFailure(looked, workspace, scope);
    const drift = await driftIn(workspace, run, looked);
    const base = { deployment, target, release: release.digest, drift };
    if (failedLook !== undefined) return { ...base, nodes: endings(looked), reports: [], failure: failedLook };

    const ofStores = needs.filter((need) => storeOf(need) !== undefined);
    const produced: Record<string, JsonObject> = { ...(await readStores(workspace, ofStores)) };
    for (const address of read) {
      const tree = outputOf(looked, `${address}/outputs`, 'outputs');
      if (tree !== undefined) produced[address] = await outputValues(await workspace.store.tree(tree), (digest) => must(workspace, digest));
    }
    const settled = own.map((node) => settledNode(node, produced));
    const checks = userNodes(settled, scope, ground, { cache: 'never', secrets: Object.keys(release.config.secrets).sort() });
    const images = own.some(({ component }) => component?.startsWith('nixpack/') === true) ? expandBuild(scope, ground) : [];
    const checked = await session.run(makeGraph([...images, ...checks]), secrets);
    const reports = await collectReports(workspace, scope, own, checked);
    const failure = (await firstFailure(checked, workspace, scope)) ?? drifted(target, drift);
    return { ...base, nodes: { ...endings(looked), ...endings(checked) }, reports, failure };
  } finally {
    await session.close();
  }
}

async function driftIn(
  { store }: Workspace,
  components: ReadonlySet<string>,
  results: Results,
): Promise<Readonly<Record<string, PlanSummary>>> {
  const drift: Record<string, PlanSummary> = {};
  for (const address of components) {
    const planned = outputOf(results, `${address}/plan`, 'plan');
    const plan = planned === undefined ? undefined : await readPlan(planned, store);
    if (plan !== undefined && plan.changes.length > 0) drift[address] = plan;
  }
  return drift;
}

async function must({ store }: Workspace, digest: Release['digest']): Promise<Uint8Array> {
  const bytes = await store.get(digest);
  if (bytes === undefined) throw new AtmosError(`object ${digest} is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
  return bytes;
}

function drifted(target: string, drift: Readonly<Record<string, PlanSummary>>): AtmosError | undefined {
  const names = Object.keys(drift);
  if (names.length === 0) return undefined;
  return new AtmosError(`${target} is not as it was applied: ${names.join(', ')}`, {
    kind: 'failed',
    code: 'drift',
    hint: 'see what changed: atmos-deployment plan; bring it back: atmos-deployment rollout --all',
  });
}
