import type { Digest } from './digest.ts';
import { type Json, jsonDigest } from './json.ts';
import type { Action } from './node.ts';

/** Changes whenever a key's description changes its form: old results are then not found any more. */
const FORMAT = 1;

export interface Keyed {
  readonly action: Action;
  readonly inputs: readonly { readonly path: string; readonly tree: Digest }[];
  readonly platform: string;
}

/**
 * A node's key: SHA-256 of the canonical JSON (RFC 8785) of all that can change its result, and of nothing else.
 * No clock, host path or user enters it; of secrets only the names do.
 */
export function nodeKey({ action, inputs, platform }: Keyed): Digest {
  return jsonDigest({
    action: describe(action),
    format: FORMAT,
    inputs: [...inputs].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, tree }) => ({ path, tree })),
    // A compute node runs in this process: what it makes does not depend on where containers run.
    platform: action.kind === 'exec' ? platform : null,
  });
}

function describe(action: Action): Json {
  switch (action.kind) {
    case 'exec':
      return {
        kind: 'exec',
        image: action.image,
        argv: action.argv,
        workdir: action.workdir,
        env: action.env,
        secrets: [...action.secrets].sort(),
        network: action.network,
        // A command may count its CPUs or run out of memory.
        limits: { cpus: action.limits.cpus, memoryMiB: action.limits.memoryMiB, pids: action.limits.pids },
        outputs: action.outputs.map(({ name, path }) => ({ name, path })),
        state: action.state.map(({ path }) => path),
        succeeds: [...action.succeeds].sort((a, b) => a - b),
      };
    case 'compute':
      return { kind: 'compute', name: action.name, version: action.version, args: action.args, outputs: action.outputs };
    default:
      return action satisfies never;
  }
}
