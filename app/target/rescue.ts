import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Digest, type Graph, makePrivate, type Results } from '../../engine/index.ts';
import { locateState } from '../states/local-state.ts';
import { rescuedState } from '../states/state-file.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { type ChangeSubject, type ComponentOutcome, resultOf } from './record.ts';
import type { RolloutInputs } from './rollout-inputs.ts';

/** What Terraform leaves where it could not write a state to its backend. */
export const RESCUED = 'errored.tfstate';

/** Keeps the states that applies of a run could not write to their backends. */
export async function rescueStates(workspace: Workspace, graph: Graph, results: Results): Promise<void> {
  for (const [id, outcome] of results.outcomes) {
    const action = graph.nodes.get(id)?.action;
    if (outcome.status === 'cancelled' || action?.kind !== 'exec' || action.effect === undefined) continue;
    for (const tree of Object.values(outcome.outputs)) {
      const content = await fileIn(workspace, tree);
      if (content !== undefined) keepRescued(workspace, action.effect, content);
    }
  }
}

/** Keeps a state that could not be written to its backend: whole or not at all, for nobody else to read. `effect` names what left it. */
export function keepRescued(workspace: Workspace, effect: string, content: Uint8Array): void {
  const path = rescuedState(workspace, dirname(effect));
  makePrivate(workspace.stateRoot);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
  workspace.warn(`a state could not be written to its backend, and holds what only it knows: it was rescued to ${path}`);
}

async function fileIn({ store }: Workspace, tree: Digest): Promise<Uint8Array | undefined> {
  const entry = (await store.tree(tree)).entries.find(({ path }) => path === RESCUED);
  return entry === undefined ? undefined : store.get(entry.digest);
}

/** How components end where a killed command's apply left a state that has to be dealt with first: that one may exist in part, nothing else was begun. */
export async function rescuedOutcomes(
  workspace: Workspace,
  { work, subjects }: ChangeSubject,
  { instances }: Pick<RolloutInputs, 'instances'>,
): Promise<Readonly<Record<string, ComponentOutcome>>> {
  const outcomes: Record<string, ComponentOutcome> = {};
  const kinds = await workspace.kinds.load();
  for (const address of work.keys()) {
    const release = subjects.get(address);
    const instance = instances[address];
    if (release === undefined) throw new TypeError(`no release of ${address}`);
    const state = instance === undefined ? null : await locateState(workspace, instance);
    const isRescued = state?.rescued !== undefined;
    const fields = isRescued ? { began: true, state, error: 'apply: its state could not be written' } : {};
    outcomes[address] = {
      result: resultOf(kinds, release, address, isRescued ? 'failed' : 'not-reached', fields),
      plan: undefined,
    };
  }
  return outcomes;
}
