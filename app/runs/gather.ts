import type { Scope } from '../../config/index.ts';
import type { TargetRef } from '../../engine/index.ts';
import { readerImage } from '../../kinds/index.ts';
import { type ExpansionInputs, gatherInputs } from '../../phases/index.ts';
import { headCommit, type Revision, revisionAt, scopeAt, worktreeRevision } from '../workspace/revision.ts';
import { needCommit } from '../workspace/source-refs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { readLock } from './images.ts';
import { type RunSettings, Session } from './session.ts';

/** Which files are meant. */
export interface Subject extends TargetRef {
  /** A commit; `head` for the one that is checked out; `worktree` for the files as they are. */
  readonly at: 'head' | 'worktree' | { readonly commit: string };
}

/** A scope with all that expanding it needs. Whoever is given one closes its session. */
export interface Gathered {
  readonly revision: Revision;
  readonly scope: Scope;
  readonly inputs: ExpansionInputs;
  readonly session: Session;
}

/**
 * Resolves a target and reads what its nodes need: sources, pins, base images. Nothing runs but, perhaps, the assembly of an image.
 * `check` refuses what is wrong with the scope, before anything else is asked for.
 */
export async function gather(
  workspace: Workspace,
  { deployment, target, at }: Subject,
  settings: RunSettings,
  check?: (revision: Revision, scope: Scope) => Promise<void>,
): Promise<Gathered> {
  const revision = await revisionOf(workspace, at);
  const scope = await scopeAt(workspace, revision, { deployment, target });
  await check?.(revision, scope);
  const lock = await readLock(workspace, revision.files, deployment);
  const session = new Session(workspace, lock, settings);
  // Where nothing cached counts, containers will have to be run.
  if (settings.noCache) session.warm(Object.keys(scope.components).length);
  const { store, cache, project, providers, kinds } = workspace;
  const inputs = await gatherInputs(await kinds.load(), scope, {
    store,
    config: revision.files,
    prefix: (await workspace.tracking()).prefix,
    cache,
    entries: (dir) => revision.entries(dir),
    providers,
    lock,
    references: project.deployments.images,
    readers: readerImage,
    image: async (digest) => (await session.images.get(digest)).image,
  });
  return { revision, scope, inputs, session };
}

async function revisionOf(workspace: Workspace, at: Subject['at']): Promise<Revision> {
  if (at === 'worktree') return worktreeRevision(workspace);
  if (at === 'head') return revisionAt(workspace, await headCommit((await workspace.tracking()).repository));
  await needCommit(workspace, at.commit);
  return revisionAt(workspace, at.commit);
}
