import { type DeploymentStatus, statusOf, type TargetStatus } from '../../app/index.ts';
import type { PromotionPolicy } from '../../config/index.ts';
import { shortId } from '../../engine/index.ts';
import { type Globals, print, table } from '../answers/globals.ts';
import { ago } from '../answers/words.ts';
import { inWorkspace } from '../command/settings.ts';

export async function status(globals: Globals, name: string | undefined): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const all = await statusOf(workspace, name);
    const documents = all.map(documentOf);
    const document = name === undefined ? { deployments: documents } : documents[0];
    await print(globals.format, document, () => all.map(tableOf).join('\n\n'));
  });
}

/** The public form (product.md, section 11). */
function documentOf({ deployment, targets }: DeploymentStatus) {
  return { deployment, targets: targets.map(targetOf) };
}

function targetOf({
  state: { target, state, release, commit, by, at, components, intent },
  declared,
  orphans,
  unrecorded,
  holder,
}: TargetStatus) {
  return {
    target,
    declared,
    state,
    release,
    commit,
    by,
    at,
    components: Object.fromEntries(
      Object.entries(components).map(([address, component]) => [
        address,
        {
          status: component.status,
          release: component.release,
          commit: component.commit,
          layer: component.layer,
          by: component.by,
          at: component.at,
          state: component.state,
          uncertain: component.status === 'pending',
          orphan: orphans.includes(address),
        },
      ]),
    ),
    orphans,
    intent,
    unrecorded,
    lock: holder === undefined ? null : { by: holder.by, host: holder.host, since: holder.acquired },
  };
}

function tableOf({ deployment, targets }: DeploymentStatus): string {
  const now = Date.now();
  const rows = targets.map(({ state: { target, state, release, commit, by, at }, policy, declared, holder }) => [
    target,
    release === null ? '–' : shortId(release),
    commit?.slice(0, 7) ?? '',
    by?.email ?? '',
    at === null ? '' : ago(at, now),
    `${stateWord(state, holder)}${state === 'never' ? needs(policy) : ''}${declared ? '' : ' · no longer declared'}`,
  ]);
  const notes = targets.flatMap(notesOf);
  return [deployment, table([['TARGET', 'RELEASE', 'COMMIT', 'BY', 'SINCE', 'STATE'], ...rows]), ...notes].join('\n');
}

/** A target that nobody is at work on any more, and whose intent has no outcome, was interrupted. */
function stateWord(state: TargetStatus['state']['state'], holder: TargetStatus['holder']): string {
  if (state === 'never') return 'never deployed';
  if (state !== 'deploying') return state;
  return holder === undefined ? 'interrupted' : `deploying · ${holder.by.email} on ${holder.host}`;
}

/** What runs and is not as it should be. */
function notesOf({ state: { target, state, components }, declared, orphans, unrecorded, holder }: TargetStatus): readonly string[] {
  const rows: string[] = Object.entries(components).flatMap(([address, { status }]) => {
    const what = [
      ...(status === 'pending'
        ? [holder === undefined ? 'was interrupted' : 'is being changed']
        : status === 'failed'
          ? ['failed; may be partially applied']
          : []),
      ...(declared && orphans.includes(address) ? ['no longer declared, still running'] : []),
    ];
    return what.length === 0 ? [] : [`${target}: ${address} ${what.join('; ')}`];
  });
  if (state === 'failed' && Object.values(components).every(({ status }) => status === 'applied')) {
    rows.push(`${target}: the last command failed; every component is as it was last applied (see: history --target ${target})`);
  }
  if (state === 'partial') rows.push(`${target}: partially deployed (show components: plan --target ${target})`);
  if (unrecorded) rows.push(`${target}: this clone has an unrecorded result; the next rollout, destroy, plan or verify records it`);
  return rows;
}

function needs(policy: PromotionPolicy | undefined): string {
  if (policy === undefined) return '';
  const { from, approvals } = policy;
  const parts = [
    ...(from.length === 0 ? [] : [from.join(' or ')]),
    ...(approvals === 0 ? [] : [`${approvals} approval${approvals === 1 ? '' : 's'}`]),
  ];
  return parts.length === 0 ? '' : ` · needs ${parts.join(' and ')}`;
}
