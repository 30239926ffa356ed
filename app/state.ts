import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { AtmosError, type Digest, makeTree, outputOf } from '../engine/index.ts';
import { expandState, type Instance } from '../phases/index.ts';
import type { Lock } from '../tracking/index.ts';
import { readLock } from './runs/images.ts';
import { pinsOfReleases } from './runs/pins.ts';
import { type RunSettings, Session } from './runs/session.ts';
import { rolloutInputsOf } from './target/rollout-inputs.ts';
import { recordState, type StateRequest, subjectOf, underLock } from './target/state-subject.ts';
import { recordUnlock } from './unlock.ts';
import { failureOf } from './workspace/failure.ts';
import { headCommit, revisionAt } from './workspace/revision.ts';
import { refsOf, secretValues } from './workspace/secrets.ts';
import type { Workspace } from './workspace/workspace.ts';

/**
 * Writes a rescued state to the component's backend, under the target's lock.
 * @throws AtmosError `nothing-rescued`, `locked`, what Terraform says
 */
export async function pushState(
  workspace: Workspace,
  request: StateRequest,
  settings: RunSettings,
): Promise<{ readonly component: string }> {
  const { address, rescued } = await subjectOf(workspace, request);
  if (!existsSync(rescued)) throw nothingRescued(address, rescued);
  const { store } = workspace;
  const content = readFileSync(rescued);
  const digest = await store.ephemeral.put(content);
  const tree = await store.ephemeral.putTree(makeTree([{ path: 'errored.tfstate', mode: '644', digest, size: content.length }]));
  await underLock(workspace, request, async (lock) => {
    await onState(workspace, request, address, { push: tree }, settings, lock);
    rmSync(rescued);
    await recordState(workspace, request, address, 'state-pushed');
  });
  return { component: address };
}

/** Gives a rescued state up. It is not deleted, but moved aside. @throws AtmosError `nothing-rescued`, `locked` */
export async function discardState(
  workspace: Workspace,
  request: StateRequest,
): Promise<{ readonly component: string; readonly kept: string }> {
  const { address, rescued, known } = await subjectOf(workspace, request);
  if (!existsSync(rescued) && known.state?.rescued === undefined) throw nothingRescued(address, rescued);
  const aside = `${rescued}.discarded-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
  const isHere = existsSync(rescued);
  await underLock(workspace, request, async () => {
    if (isHere) renameSync(rescued, aside);
    await recordState(workspace, request, address, 'state-discarded');
  });
  const elsewhere = `${known.state?.rescued?.path ?? rescued} on ${known.state?.rescued?.host ?? 'this machine'}`;
  return { component: address, kept: isHere ? aside : elsewhere };
}

/**
 * Makes the ledger know a component no more, though it was not destroyed: where its state is lost, nothing can be done with it. What it has runs on.
 * @throws AtmosError `unknown-component`, `locked`
 */
export async function forgetComponent(workspace: Workspace, request: StateRequest): Promise<{ readonly component: string }> {
  const { address } = await subjectOf(workspace, request);
  await underLock(workspace, request, () => recordState(workspace, request, address, 'forgotten'));
  return { component: address };
}

/** Releases the lock that a component's state has in its backend. `lock` is its id; `undefined` when there was none. */
export async function unlockState(
  workspace: Workspace,
  request: StateRequest,
  settings: RunSettings,
): Promise<{ readonly component: string; readonly lock: string | undefined }> {
  const { address } = await subjectOf(workspace, request);
  const unlock = async (held: Lock): Promise<string | undefined> => {
    const output = await onState(workspace, request, address, 'unlock', settings, held);
    const entry = output === undefined ? undefined : (await workspace.store.tree(output)).entries[0];
    const said = entry === undefined ? 'none' : Buffer.from((await workspace.store.get(entry.digest)) ?? '').toString('utf8');
    if (said === 'none') return undefined;
    await recordUnlock(workspace, request, `the lock ${said} of the state of ${address}`);
    return said;
  };
  return { component: address, lock: await underLock(workspace, request, unlock, 'unlock') };
}

/** Runs one node on a component's state, while nobody else deploys its target. */
async function onState(
  workspace: Workspace,
  { deployment, target }: StateRequest,
  address: string,
  operation: { readonly push: Digest } | 'unlock',
  settings: RunSettings,
  lock: Lock,
): Promise<Digest | undefined> {
  const { repository, ledger } = await workspace.tracking();
  const state = await ledger.state({ deployment, target });
  const ground = await rolloutInputsOf(workspace, state, new Map([[address, 'destroy']]), undefined);
  const { files } = await revisionAt(workspace, await headCommit(repository));
  const session = new Session(workspace, await readLock(workspace, files, deployment), settings);
  try {
    session.images.admit(await pinsOfReleases(workspace, ground.releases.values()));
    const graph = expandState(ground.instances[address] as Instance, operation, ground.applied);
    const secrets = await secretValues(workspace, { deployment, target, releases: ground.releases.values() }, refsOf(ground));
    const results = await session.run('state', graph, secrets, lock);
    const failure = await failureOf(results, workspace, undefined, { deployment, target });
    if (failure !== undefined) throw failure;
    return outputOf(results, `${address}/state-unlock`, 'unlocked');
  } finally {
    await session.close();
  }
}

function nothingRescued(address: string, path: string): AtmosError {
  return new AtmosError(`no unsaved state of ${address} found (${path})`, { kind: 'invalid', code: 'nothing-rescued' });
}
