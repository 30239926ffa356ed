import type { AtmosError } from '../engine/index.ts';
import { outputOf } from '../engine/index.ts';
import { expandRollout, type PlanSummary, readPlan } from '../phases/index.ts';
import type { Release } from '../releases/index.ts';
import { firstFailure } from './failure.ts';
import { makeRelease } from './release.ts';
import { releaseGround } from './release-ground.ts';
import { secretValues } from './secrets.ts';
import type { RunSettings } from './session.ts';
import { storeTrees } from './stores/index.ts';
import type { Workspace } from './workspace.ts';

export interface PlanAnswer {
  readonly release: Release;
  /** By address; a component that can't be planned yet is in `unknown`. */
  readonly plans: Readonly<Record<string, PlanSummary>>;
  /** Components whose values are known only after others are applied, and which. */
  readonly unknown: Readonly<Record<string, readonly string[]>>;
  readonly failure: AtmosError | undefined;
}

/** What a rollout of the working tree would change. Nothing is recorded, and nothing is applied. */
export async function plan(workspace: Workspace, deployment: string, target: string, settings: RunSettings): Promise<PlanAnswer> {
  const { ledger } = await workspace.tracking();
  // Git answers beside the rest.
  const states = ledger.states(deployment, [target]);
  states.catch(() => undefined);
  const { release, session, scope, initialized } = await makeRelease(
    workspace,
    { deployment, target, allowDirty: true, promoted: undefined },
    settings,
  );
  try {
    const [state] = await states;
    const run = new Set(Object.keys(release.config.components));
    const [ground, stores] = await Promise.all([releaseGround(workspace, release, initialized), storeTrees(workspace, release, run)]);
    const applied = new Set(Object.keys(state?.components ?? {}));
    const { graph, unknown } = expandRollout(release, { ...ground, stores }, { purpose: 'plan', run, applied });
    const results = await session.run(graph, secretValues(release));
    const plans: Record<string, PlanSummary> = {};
    for (const address of run) {
      const planned = outputOf(results, `${address}/plan`, 'plan');
      if (planned !== undefined && results.outcomes.get(`${address}/plan`)?.status === 'done')
        plans[address] = await readPlan(planned, workspace.store);
    }
    const failure = await firstFailure(results, workspace, scope);
    return { release, plans, unknown, failure };
  } finally {
    await session.close();
  }
}
