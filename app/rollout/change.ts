import { AtmosError, type Digest, type Effect, shortId } from '../../engine/index.ts';
import { expandRollout, type Instance, type Instances, outputValues, PLAN_INPUT } from '../../phases/index.ts';
import type { Release } from '../../releases/index.ts';
import { storeOutputs } from '../../stores/index.ts';
import { type LedgerRecord, lockLost, type StateLocation } from '../../tracking/index.ts';
import { refuseOther } from '../plan/saved-plan.ts';
import type { SavedPlan } from '../release/plan-file.ts';
import { pinsOfReleases } from '../runs/pins.ts';
import type { RunSettings, Session } from '../runs/session.ts';
import { checkStates, locateState } from '../states/local-state.ts';
import { componentOutcomes } from '../target/outcomes.ts';
import type { ComponentOutcome } from '../target/record.ts';
import { rescuedOutcomes, rescueStates } from '../target/rescue.ts';
import { settleEarlier } from '../target/settle.ts';
import { failureOf } from '../workspace/failure.ts';
import { refsOf, secretValues } from '../workspace/secrets.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { beginInLine, prepare } from './begin.ts';
import { finish } from './finish.ts';
import type { Change, Changed } from './target-change.ts';

/** Takes the lock and says what is about to be done, does it, and says how it ended: two pushes, each of which moves all its refs or none. */
export async function changeTarget(workspace: Workspace, change: Change, session: Session, settings: RunSettings): Promise<Changed> {
  const { deployment, target, release } = change;
  const began = Date.now();
  const first = await prepare(workspace, change, change.state, change.work(change.state), session);
  // A secret that is not set leaves nothing begun.
  const whose = (releases: Iterable<Release>) => ({ deployment, target, releases, scope: change.scope });
  const known = await secretValues(workspace, whose(first.ground.releases.values()), refsOf(first.ground));
  const begun = await beginInLine(workspace, change, first, session, settings);
  if ('done' in begun) return change.answerWhenDone(begun.done, session.ran);
  const { subject, ground, state, lock, intent } = begun;
  try {
    // What was rescued meanwhile stands in the way, as it would have before: then nothing is done, and that is recorded.
    if (await settleEarlier(workspace, { deployment, target }, settings.cancellation.interrupt)) {
      const refusal = await checkStates(workspace, ground, state).catch((error: unknown) => error);
      if (refusal !== undefined) {
        await finish(
          workspace,
          subject,
          { outcomes: await rescuedOutcomes(workspace, subject, ground), durationMs: 0, interrupted: false },
          lock,
          intent,
        );
        throw refusal;
      }
    }
    session.images.admit(await pinsOfReleases(workspace, ground.releases.values()));
    const { saved } = change;
    const { graph } = expandRollout({ ...ground, work: subject.work, isReviewed: saved !== undefined });
    const secrets = await secretValues(workspace, whose(ground.releases.values()), refsOf(ground), known);
    const results = await session.run(change.kind === 'destroy' ? 'destroy' : 'rollout', graph, secrets, lock, {
      check: async (effect) => {
        if (saved !== undefined) await refuseOtherEffect(workspace, saved, ground.instances, effect);
      },
      resolveDeferred: async ({ id, outputs }) => {
        const address = id.slice(0, id.lastIndexOf('/'));
        const instance = ground.instances[address];
        if (instance === undefined || subject.work.get(address) !== 'apply' || outputs.outputs === undefined) return;
        // What can't be read has failed, though it is applied: whoever rolls out next applies it again.
        await checkOutputs(workspace, instance, outputs.outputs);
        await storeOutputs(workspace, instance.component, outputs.outputs);
      },
    });
    await rescueStates(workspace, graph, results);
    if (lock.lost.aborted) throw lockLost({ deployment, target });
    const locations = async (address: string): Promise<StateLocation | null> => {
      const instance = ground.instances[address];
      return instance === undefined ? null : locateState(workspace, instance);
    };
    const outcomes = await componentOutcomes(subject, ground.instances, {
      kinds: await workspace.kinds.load(),
      graph,
      results,
      store: workspace.store,
      before: state,
      intent: intent.commit,
      locations,
    });
    // What was asked to stop when nothing was left to do did not stop.
    const interrupted = settings.cancellation.interrupt.aborted && [...results.outcomes.values()].some(({ status }) => status !== 'done');
    const record = await finish(workspace, subject, { outcomes, durationMs: Date.now() - began, interrupted }, lock, intent);
    const plans = Object.entries(outcomes).flatMap(([address, one]) => (one.plan === undefined ? [] : [[address, one.plan] as const]));
    for (const [component, plan] of plans) workspace.events.emit({ type: 'plan', component, plan });
    const failed = await failureOf(results, workspace, change.scope, change);
    const failure = interrupted ? interruption(record, settings.cancellation.force.aborted, failed) : failed;
    return {
      deployment,
      target,
      release: release?.digest ?? ([...ground.releases.keys()][0] as Digest),
      components: record.components,
      orphans: record.orphans,
      record,
      plans: Object.fromEntries(plans),
      warnings: warningsOf(outcomes),
      failure,
      ran: session.ran,
    };
  } catch (error) {
    // An outcome that is not recorded keeps the lock: nobody else shall begin before it is.
    if (!(error instanceof AtmosError && error.code === 'not-recorded')) await lock.release().catch(() => undefined);
    throw error;
  }
}

/** @throws AtmosError `wrong-outputs` where what was printed is no outputs, or lacks some */
async function checkOutputs({ store }: Workspace, { component, rollout }: Instance, outputs: Digest): Promise<void> {
  const values = await outputValues(await store.tree(outputs), async (digest) => (await store.get(digest)) ?? new Uint8Array());
  const missing = (rollout.requiredOutputs?.(component.settings) ?? []).filter((name) => !Object.hasOwn(values, name));
  if (missing.length === 0) return;
  throw new AtmosError(`its outputs lack ${missing.join(', ')}, which it declares`, {
    kind: 'failed',
    code: 'wrong-outputs',
    hint: Object.keys(values).length === 0 ? 'it has no outputs' : `its outputs are: ${Object.keys(values).sort().join(', ')}`,
  });
}

/** What plans and applies warned of, each once. What was not known when it was planned is told as the apply found it. */
function warningsOf(outcomes: Readonly<Record<string, ComponentOutcome>>): Changed['warnings'] {
  const all = Object.entries(outcomes).map(([address, { plan, warnings }]) => {
    const own = [...(warnings ?? plan?.warnings ?? [])];
    return [address, own] as const;
  });
  return Object.fromEntries(all.filter(([, own]) => own.length > 0));
}

/** What was interrupted, and what of that failed by itself. */
function interruption({ release }: LedgerRecord, isForced: boolean, failed: AtmosError | undefined): AtmosError {
  const what = release === null ? '' : ` (release ${shortId(release)})`;
  return new AtmosError(`running operations ${isForced ? 'were killed' : 'have finished'} and are recorded${what}`, {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'rerun to continue',
    others: failed === undefined ? [] : [failed, ...failed.others],
  });
}

/** What was shown is compared with what is about to be applied, once more: an upstream may have other outputs than its plan said. */
async function refuseOtherEffect(
  { store }: Workspace,
  saved: SavedPlan,
  instances: Instances,
  { id, inputs, mask }: Effect,
): Promise<void> {
  const plan = inputs.find(({ path }) => path === PLAN_INPUT);
  const address = id.slice(0, -'/apply'.length);
  const rollout = instances[address]?.rollout;
  if (plan !== undefined && rollout !== undefined && id.endsWith('/apply'))
    refuseOther(saved, address, await rollout.readPlan(plan.tree, store, mask));
}
