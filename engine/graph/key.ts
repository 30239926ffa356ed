import type { Digest } from '../content/digest.ts';
import { type Json, type JsonObject, jsonDigest } from '../content/json.ts';
import type { Action } from './node.ts';

/** Changes whenever a key's description changes its form: old results are then not found any more. */
const FORMAT = 1;

export interface Keyed {
  readonly action: Action;
  readonly inputs: readonly { readonly path: string; readonly tree: Digest }[];
  readonly platform: string;
}

/** What a key is the digest of: plain data that tells two runs of a node apart. */
export type KeyDescription = JsonObject;

/**
 * All that can change a node's result, and nothing else. No clock, host path or user is in it; of secrets only the names are.
 */
export function describeKey({ action, inputs, platform }: Keyed): KeyDescription {
  return {
    action: describe(action),
    format: FORMAT,
    inputs: [...inputs].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, tree }) => ({ path, tree })),
    // A compute node runs in this process: what it makes does not depend on where containers run.
    platform: action.kind === 'exec' ? platform : null,
  };
}

/** A node's key: SHA-256 of its description's canonical JSON (RFC 8785). `docs/keys.md` lists what is in it. */
export function keyOf(description: KeyDescription): Digest {
  return jsonDigest(description);
}

/** With its keys in order: then they need not be put in order for the digest. */
function describe(action: Action): Json {
  switch (action.kind) {
    case 'exec':
      return {
        argv: action.argv,
        env: action.env,
        image: action.image,
        kind: 'exec',
        // A command may count its CPUs or run out of memory.
        limits: { cpus: action.limits.cpus, memoryMiB: action.limits.memoryMiB, pids: action.limits.pids },
        network: action.network,
        outputs: action.outputs.map(({ name, path }) => ({ name, path })),
        secrets: action.secrets.map(({ name }) => name).sort(),
        state: action.state.map(({ path }) => path),
        succeeds: [...action.succeeds].sort((a, b) => a - b),
        workdir: action.workdir,
      };
    case 'compute':
      return { args: action.args, kind: 'compute', name: action.name, outputs: action.outputs, version: action.version };
    default:
      return action satisfies never;
  }
}
