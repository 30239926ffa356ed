import { ledgerRef, lockRef, type RefIds, type TargetState } from '../../tracking/index.ts';
import { type ReadRules, rulesOf } from '../workspace/rules.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ReleaseChoice } from './request.ts';

/** What is known of a target before a release is chosen for it. */
export interface Situation {
  readonly rules: ReadRules;
  /** The refs that were read. */
  readonly ids: RefIds;
  /** The target's state, and that of each target that matters for it, by name. */
  readonly states: ReadonlyMap<string, TargetState>;
  /** The targets that this one is promoted from. */
  readonly sources: readonly TargetState[];
}

/** Reads the target's rules, and the ledgers of it and of those that it is promoted from. */
export async function situationOf(
  workspace: Workspace,
  { deployment, target, promoteFrom }: Pick<ReleaseChoice, 'deployment' | 'target' | 'promoteFrom'>,
): Promise<Situation> {
  const { refs, ledger } = await workspace.tracking();
  const first = [target, ...(promoteFrom === undefined ? [] : [promoteFrom])];
  const [rules, read] = await Promise.all([
    rulesOf(workspace, { deployment, target }),
    refs.read([...first.map((name) => ledgerRef({ deployment, target: name })), lockRef({ deployment, target })]),
  ]);
  const others = rules.from.filter((name) => !first.includes(name));
  const ids =
    others.length === 0 ? read : new Map([...read, ...(await refs.read(others.map((name) => ledgerRef({ deployment, target: name }))))]);
  const names = [...first, ...others];
  const states = new Map(
    await Promise.all(names.map(async (name) => [name, await ledger.stateIn({ deployment, target: name }, ids)] as const)),
  );
  return { rules, ids, states, sources: rules.from.flatMap((name) => states.get(name) ?? []) };
}
