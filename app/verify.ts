import { isRead, needsOf, type Scope, storeOf } from '../config/index.ts';
import { AtmosError, type Digest, type JsonObject, makeGraph, outputOf, type Results, type TargetRef } from '../engine/index.ts';
import {
  expandBuild,
  expandOutputs,
  expandRollout,
  type Instances,
  type Kinds,
  kindOf,
  outputValues,
  type PlanSummary,
  type ToolWarning,
  userNodes,
} from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import { readStores } from '../stores/index.ts';
import type { TargetState } from '../tracking/index.ts';
import { readElsewhere } from './release/elsewhere.ts';
import { loadRelease } from './release/stored.ts';
import { gather } from './runs/gather.ts';
import { endings, type PhaseAnswer, settledNode } from './runs/phases.ts';
import { pinsOfReleases } from './runs/pins.ts';
import { collectReports, type Report } from './runs/reports.ts';
import type { RunSettings } from './runs/session.ts';
import { checkStates } from './states/local-state.ts';
import { rolloutInputsOf } from './target/rollout-inputs.ts';
import { recordEarlier } from './target/unrecorded.ts';
import { failureOf } from './workspace/failure.ts';
import { nothingDeployed } from './workspace/nothing-deployed.ts';
import { refsOf, secretsOf, secretValues } from './workspace/secrets.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface VerifyAnswer extends TargetRef {
  readonly release: Release['digest'];
  /** What differs from what was applied, by component; a component without drift is not in it. */
  readonly drift: Readonly<Record<string, PlanSummary>>;
  /** What Terraform warns of, checks that fail among it, by address. */
  readonly warnings: Readonly<Record<string, readonly ToolWarning[]>>;
  /** Components that can't be compared with what was applied: they have no plan. */
  readonly unchecked: readonly string[];
  /** Components that run and that the release does not declare. */
  readonly orphans: readonly string[];
  readonly nodes: PhaseAnswer['nodes'];
  readonly reports: readonly Report[];
  readonly failure: AtmosError | undefined;
}

/** Checks what a target runs: whether the world still is as it was applied, then the user's own nodes, with outputs as they are now. */
export async function verify(workspace: Workspace, { deployment, target }: TargetRef, settings: RunSettings): Promise<VerifyAnswer> {
  const state = await settledState(workspace, { deployment, target });
  const kinds = await workspace.kinds.load();
  const release = await loadRelease(workspace, state.release);
  const { scope, inputs, session } = await gather(workspace, { deployment, target, at: { commit: release.config.commit } }, settings);
  try {
    const own = scope.phases.verify ?? [];
    const needs = own.flatMap((node) => needsOf(node.env));
    const read = [...new Set(needs.map(({ component }) => component))];
    const work = new Map(Object.keys(state.components).map((address) => [address, 'plan'] as const));
    // What runs is compared with what it was applied with.
    const running = await rolloutInputsOf(workspace, state, work, undefined, { session });
    await checkStates(workspace, running, state);
    session.images.admit(await pinsOfReleases(workspace, running.releases.values()));
    const checkers = secretsOf(release);
    const secrets = await secretValues(workspace, { deployment, target, releases: [release, ...running.releases.values()] }, [
      ...checkers,
      ...refsOf(running),
    ]);
    // What can't say what it would change can't say whether something has.
    const looked = [...work].filter(([address]) => {
      const instance = running.instances[address];
      return instance?.rollout.plans(instance.component.settings) === true;
    });
    const unchecked = Object.keys(running.instances)
      .filter((address) => !looked.some(([one]) => one === address))
      .sort();
    const applied = { ...running.applied, ...running.instances };
    const plans = expandRollout({ ...running, applied, work: new Map(looked) }).graph;
    const outputs = expandOutputs(read, applied);
    const first = makeGraph([...new Map([...plans.nodes, ...outputs.nodes]).values()]);
    const results = await session.run('verify', first, secrets);
    const failedLook = await failureOf(results, workspace, scope);
    const looks = await plansIn(workspace, running.instances, results);
    const drift = only(looks, ({ changes }) => changes.length > 0);
    const warned = Object.entries(only(looks, ({ warnings }) => warnings.length > 0));
    const warnings = Object.fromEntries(warned.map(([address, plan]) => [address, plan.warnings]));
    const base = { deployment, target, release: release.digest, drift, warnings, unchecked, orphans: state.orphans };
    if (failedLook !== undefined) return { ...base, nodes: endings(results), reports: [], failure: failedLook };

    const ofStores = needs.filter((need) => storeOf(need) !== undefined);
    const elsewhere = new Set(needs.filter(isRead).map(({ component }) => component));
    const produced: Record<string, JsonObject> = {
      ...(await readStores(workspace, ofStores)),
      ...(await readElsewhere(workspace, session, release, elsewhere)),
    };
    for (const address of read) {
      const tree = outputOf(results, `${address}/outputs`, 'outputs');
      if (tree !== undefined) produced[address] = await outputValues(await workspace.store.tree(tree), (digest) => must(workspace, digest));
    }
    const settled = own.map((node) => settledNode(node, produced));
    const checks = userNodes(settled, kinds, scope, inputs, { cache: 'never', secrets: checkers });
    const images = own.some(({ component }) => isBuilt(kinds, scope, component)) ? expandBuild(kinds, scope, inputs) : [];
    const checked = await session.run('verify', makeGraph([...images, ...checks]), secrets);
    const reports = await collectReports(workspace, scope, own, checked);
    const failure = (await failureOf(checked, workspace, scope)) ?? drifted({ deployment, target }, drift);
    return { ...base, nodes: { ...endings(results), ...endings(checked) }, reports, failure };
  } finally {
    await session.close();
  }
}

/**
 * The state of a target that runs a release as a whole: anything less can't be verified.
 * @throws AtmosError `nothing-deployed`, `under-way`, `not-whole`
 */
async function settledState(workspace: Workspace, { deployment, target }: TargetRef): Promise<TargetState & { readonly release: Digest }> {
  await recordEarlier(workspace, { deployment, target });
  const { ledger, locks } = await workspace.tracking();
  const state = await ledger.state({ deployment, target });
  if (state.intent !== null) {
    const owner = await locks.holder({ deployment, target });
    if (owner !== undefined) {
      throw new AtmosError(`${deployment}/${target} is being deployed by ${owner.by.email} on ${owner.host} since ${owner.acquired}`, {
        kind: 'refused',
        code: 'under-way',
        hint: 'verify when it is done',
      });
    }
  }
  const unsettled = Object.entries(state.components).filter(([, { status }]) => status !== 'applied');
  if (unsettled.length > 0 || ['failed', 'deploying', 'partial'].includes(state.state)) {
    const what = unsettled.map(([address, { status }]) => `${address} ${status === 'failed' ? 'failed' : 'was interrupted'}`);
    const why = {
      failed: 'the last command failed',
      deploying: 'the last command was interrupted',
      partial: 'some components are missing or run another release',
    };
    const rest = why[state.state as keyof typeof why] ?? state.state;
    throw new AtmosError(`${target} is not fully deployed: ${what.length === 0 ? rest : what.join(', ')}`, {
      kind: 'failed',
      code: 'not-whole',
      hint: `complete it: atmos-deployment rollout ${deployment} --target ${target}   or destroy it: atmos-deployment destroy ${deployment} --target ${target}`,
    });
  }
  if (state.release === null) throw nothingDeployed({ deployment, target });
  return { ...state, release: state.release };
}

type Plans = Readonly<Record<string, PlanSummary>>;

function only(plans: Plans, isMeant: (plan: PlanSummary) => boolean): Plans {
  return Object.fromEntries(Object.entries(plans).filter(([, plan]) => isMeant(plan)));
}

async function plansIn({ store }: Workspace, instances: Instances, results: Results): Promise<Plans> {
  const plans: Record<string, PlanSummary> = {};
  for (const [address, { rollout }] of Object.entries(instances)) {
    const planned = outputOf(results, `${address}/plan`, 'plan');
    if (planned !== undefined) plans[address] = await rollout.readPlan(planned, store, results.mask);
  }
  return plans;
}

/** Whether nodes of a component see what was built of it. */
function isBuilt(kinds: Kinds, { components }: Scope, address: string | undefined): boolean {
  const component = address === undefined ? undefined : components[address];
  return component !== undefined && kindOf(kinds, component).built !== undefined;
}

async function must({ store }: Workspace, digest: Release['digest']): Promise<Uint8Array> {
  const bytes = await store.get(digest);
  if (bytes === undefined) throw new AtmosError(`object ${digest} is missing from the cache`, { kind: 'failed', code: 'damaged-object' });
  return bytes;
}

function drifted({ deployment, target }: TargetRef, drift: Readonly<Record<string, PlanSummary>>): AtmosError | undefined {
  const names = Object.keys(drift);
  if (names.length === 0) return undefined;
  return new AtmosError(`drift detected in ${target}: ${names.join(', ')}`, {
    kind: 'failed',
    code: 'drift',
    hint: `show the drift: atmos-deployment plan ${deployment} --target ${target} --all   revert it: atmos-deployment rollout ${deployment} --target ${target} --all`,
  });
}
