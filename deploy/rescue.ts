import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digest, Graph, Results } from '../engine/index.ts';
import { rescuedState } from './local-state.ts';
import type { Workspace } from './workspace.ts';

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
