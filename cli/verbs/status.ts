import { listDeployments, loadDeployment, type PromotionPolicy, promotionPolicies } from '../../config/index.ts';
import type { Workspace } from '../../deploy/index.ts';
import { shortId } from '../../engine/index.ts';
import type { TargetState } from '../../tracking/index.ts';
import { type Globals, print, table } from '../globals.ts';
import { inWorkspace } from '../settings.ts';
import { ago } from '../words.ts';

interface Status {
  readonly deployment: string;
  readonly targets: readonly (TargetState & { readonly policy: PromotionPolicy | undefined })[];
}

export async function status(globals: Globals, name: string | undefined): Promise<void> {
  await inWorkspace(globals, async (workspace) => {
    const { files, project, cache } = workspace;
    const names = name === undefined ? (await listDeployments(files, project, cache)).map((one) => one.name) : [name];
    const all = await Promise.all(names.map((one) => statusOf(workspace, one)));
    const documents = all.map(documentOf);
    const document = name === undefined ? { deployments: documents } : documents[0];
    await print(globals.format, document, () => all.map(tableOf).join('\n\n'));
  });
}

async function statusOf(workspace: Workspace, deployment: string): Promise<Status> {
  const { ledger } = await workspace.tracking();
  const found = await loadDeployment(workspace.files, workspace.project, deployment, workspace.cache);
  const policies = promotionPolicies(found);
  const states = await ledger.states(deployment, found.targets);
  return { deployment, targets: states.map((state) => ({ ...state, policy: policies[state.target] })) };
}

/** The public form (product.md, section 11). */
function documentOf({ deployment, targets }: Status) {
  return {
    deployment,
    targets: targets.map(({ target, state, release, commit, by, at, components, open }) => ({
      target,
      state,
      release,
      commit,
      by,
      at,
      components: Object.fromEntries(
        Object.entries(components).map(([address, component]) => [
          address,
          {
            release: component.release,
            commit: component.commit,
            layer: component.layer,
            by: component.by,
            at: component.at,
            uncertain: open.includes(address),
          },
        ]),
      ),
    })),
  };
}

function tableOf({ deployment, targets }: Status): string {
  const now = Date.now();
  const rows = targets.map(({ target, state, release, commit, by, at, policy }) => [
    target,
    release === null ? '–' : shortId(release),
    commit?.slice(0, 7) ?? '',
    by?.email ?? '',
    at === null ? '' : ago(at, now),
    `${state === 'never' ? 'never deployed' : state}${state === 'never' ? needs(policy) : ''}`,
  ]);
  return `${deployment}\n${table([['TARGET', 'RELEASE', 'COMMIT', 'BY', 'SINCE', 'STATE'], ...rows])}`;
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
