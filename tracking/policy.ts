import { AtmosError, type Digest, shortId, type TargetRef } from '../engine/index.ts';
import type { Person } from './git/types.ts';
import { type Approval, type ApprovedOperation, approvalKey, type TargetState } from './types.ts';

/** The rules of a target, as configuration has them. */
export interface Rules {
  readonly from: readonly string[];
  readonly approvals: number;
  readonly approvers: readonly string[];
  readonly origin: { readonly file: string; readonly line: number } | undefined;
  /** Where the targets that it may be promoted from are themselves promoted from first, for advice. */
  readonly before: Readonly<Record<string, string | undefined>>;
}

/** What is to be rolled out. */
export interface Candidate extends TargetRef {
  readonly release: Digest;
  /** Digest of its sources, locks and images; `null` when it is not made yet, which can match nothing. */
  readonly artifacts: Digest | null;
  readonly dirty: boolean;
}

/**
 * A target with sources only accepts what ran successfully in one of them: the same sources, locks and images.
 * @throws AtmosError `not-promoted` with the command to run first.
 */
export function checkPromotion(candidate: Omit<Candidate, 'release'>, rules: Rules, sources: readonly TargetState[]): void {
  if (rules.from.length === 0) return;
  if (sources.some((source) => source.ran.some(({ artifacts }) => artifacts === candidate.artifacts))) return;
  const { deployment, target } = candidate;
  const names = rules.from.join(' or ');
  const running = sources.find(({ state }) => state === 'deployed');
  const runs =
    running === undefined
      ? `${names} ${standing(sources)}. First:  ${firstCommand(deployment, rules)}`
      : `${running.target} runs ${running.release === null ? 'nothing' : shortId(running.release)}. To take that:  atmos-deployment rollout ${deployment} --target ${target} --promote-from ${running.target}`;
  const where = rules.origin === undefined ? '' : ` (${rules.origin.file}:${rules.origin.line} promotion)`;
  throw new AtmosError(
    `${target} only accepts releases promoted from ${names}${where}, and ${names} never ran this${candidate.dirty ? ': it has uncommitted changes' : ''}`,
    { kind: 'refused', code: 'not-promoted', hint: runs },
  );
}

/** Where targets stand none of which runs a release as a whole. */
function standing(sources: readonly TargetState[]): string {
  const partly = sources.find(({ components }) => Object.keys(components).length > 0);
  return partly === undefined ? 'has nothing deployed yet' : `is not fully deployed (${partly.state})`;
}

/** How the first of the targets that it is promoted from gets something to run. */
function firstCommand(deployment: string, { from, before }: Rules): string {
  const [target = ''] = from;
  const source = before[target];
  return `atmos-deployment rollout ${deployment} --target ${target}${source === undefined ? '' : ` --promote-from ${source}`}`;
}

/**
 * A promotion takes what its source runs now, and only from a source that the target allows.
 * @throws AtmosError `promotion-not-allowed`, `nothing-to-promote`
 */
export function checkSource(source: TargetState, target: string, rules: Rules): Digest {
  if (rules.from.length > 0 && !rules.from.includes(source.target)) {
    throw new AtmosError(
      `${target} does not accept promotions from ${source.target}${rules.origin === undefined ? '' : ` (${rules.origin.file}:${rules.origin.line} promotion)`}`,
      {
        kind: 'refused',
        code: 'promotion-not-allowed',
        hint: `allowed sources: ${rules.from.join(', ')}`,
      },
    );
  }
  if (source.state !== 'deployed' || source.release === null) {
    throw new AtmosError(`${source.target} can't be promoted from: it is ${source.state === 'never' ? 'not deployed' : source.state}`, {
      kind: 'refused',
      code: 'nothing-to-promote',
      hint: `deploy it first: atmos-deployment rollout ${source.deployment} --target ${source.target}`,
    });
  }
  return source.release;
}

/** What needs approval: a release that is rolled out, or something else that is done to a target. */
export interface Approvable extends TargetRef {
  readonly operation: ApprovedOperation;
  /** What is rolled out; of other operations what the target runs, if it runs anything. */
  readonly release: Digest | null;
}

/** What is to be approved for something that is done to a target where it stands. */
export function approvableNow(operation: Exclude<ApprovedOperation, 'rollout'>, state: TargetState): Approvable {
  const { deployment, target, release, intent } = state;
  return { deployment, target, operation, release: release ?? intent?.release ?? null };
}

/**
 * Approvals are bound to a release, a target and what is done there; they are by distinct people, none of them the one who asks, all of them in
 * `approvers` if there are any.
 * @throws AtmosError `not-approved` with the command for an approver.
 */
export function checkApprovals(subject: Approvable, rules: Rules, state: TargetState, requester: Person): readonly Approval[] {
  if (rules.approvals === 0) return [];
  const { deployment, target, release, operation } = subject;
  const given = state.approvals[approvalKey(operation, release)] ?? [];
  const counted = given.filter(({ by }) => identityKey(by) !== identityKey(requester) && mayApprove(by, rules));
  const distinct = [...new Map(counted.map((approval) => [identityKey(approval.by), approval])).values()];
  if (distinct.length >= rules.approvals) return distinct;
  const own = given.some(({ by }) => identityKey(by) === identityKey(requester)) ? '; your own approval does not count' : '';
  const who = rules.approvers.length === 0 ? 'somebody else' : rules.approvers.join(', ');
  const of = operation === 'rollout' && release !== null ? `release ${shortId(release)}` : WHAT[operation];
  const flags = operation === 'rollout' && release !== null ? `--release ${shortId(release)}` : `--operation ${operation}`;
  throw new AtmosError(
    `${target} needs ${rules.approvals} approval${rules.approvals === 1 ? '' : 's'} of ${of} and has ${distinct.length}${own}`,
    {
      kind: 'refused',
      code: 'not-approved',
      hint: `ask ${who} to run:  atmos-deployment approve ${deployment} --target ${target} ${flags}`,
    },
  );
}

const WHAT: Readonly<Record<ApprovedOperation, string>> = {
  rollout: 'a release',
  destroy: 'being destroyed',
  unlock: 'being unlocked',
  state: 'a change of its states by hand',
};

/** @throws AtmosError `not-an-approver`, `approved-already` */
export function checkApprover(by: Person, { release, operation }: Approvable, rules: Rules, state: TargetState): void {
  if (!mayApprove(by, rules)) {
    throw new AtmosError(`${by.email} is not an approver of ${state.target}`, {
      kind: 'refused',
      code: 'not-an-approver',
      hint: `approvers are: ${rules.approvers.join(', ')}`,
    });
  }
  if ((state.approvals[approvalKey(operation, release)] ?? []).some((approval) => identityKey(approval.by) === identityKey(by))) {
    const what =
      operation === 'rollout' && release !== null
        ? `release ${shortId(release)} for ${state.target}`
        : `${state.target} ${WHAT[operation]}`;
    throw new AtmosError(`${by.email} has approved ${what} already`, { kind: 'refused', code: 'approved-already' });
  }
}

function mayApprove(by: Person, rules: Rules): boolean {
  return rules.approvers.length === 0 || rules.approvers.some((email) => email.toLowerCase() === identityKey(by));
}

/** People are told apart by their e-mail addresses. */
function identityKey({ email }: Person): string {
  return email.toLowerCase();
}
