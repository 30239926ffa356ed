import { needsOf } from '../../config/index.ts';
import {
  AtmosError,
  allSettled,
  type ComputeFunction,
  type ComputeIo,
  type Json,
  makeTree,
  type Node,
  overlay,
  prettyJson,
  shellWord,
  subtree,
} from '../../engine/index.ts';
import {
  type Instance,
  readJson,
  sensitiveNames,
  settledReferences,
  step,
  type UpstreamReads,
  type VariablesArgs,
  variablesNode,
} from '../../phases/index.ts';
import { LONGEST } from './check.ts';

export const COMPONENT = { name: 'command-component', version: 2 } as const;

/**
 * Makes what the commands of a rollout see of a layer and of the outputs of others: `source`, `vars.json`, `env.sh`, and `sensitive` where they see a
 * sensitive one. Output `component`.
 */
export const makeComponent: ComputeFunction = async (json, io) => {
  const args = json as unknown as VariablesArgs;
  const layer = io.input('layer');
  const vars = { ...(await readJson(layer, 'vars.json', io)), ...(await settledReferences('vars', args, io)) };
  const env = { ...(await readJson(layer, 'env.json', io)), ...(await settledReferences('env', args, io)) };
  const exported = Object.entries(env).map(([name, value]) => exportLine(args.component, name, value as Json));
  const files = [
    { path: 'vars.json', mode: '644' as const, ...(await io.put(prettyJson(vars))) },
    { path: 'env.sh', mode: '644' as const, ...(await io.put(exported.join(''))) },
    ...((await readsSensitive(args, io)) ? [{ path: 'sensitive', mode: '644' as const, ...(await io.put('')) }] : []),
  ];
  return {
    component: overlay([
      { at: 'source', tree: subtree(layer, 'source') },
      { at: '', tree: makeTree(files) },
    ]),
  };
};

/** Whether one of the outputs that variables are computed of is sensitive. */
async function readsSensitive({ upstream }: VariablesArgs, io: ComputeIo): Promise<boolean> {
  const needs = needsOf(await readJson(io.input('layer'), 'references.json', io));
  const found = await allSettled(upstream, async (address) => {
    const names = await sensitiveNames(io.input(`outputs/${address}`), (digest) => io.read(digest), `the outputs of ${address}`);
    return needs.some(({ component, field }) => component === address && names.has(field));
  });
  return found.includes(true);
}

/** A line of a shell that sets a variable. @throws AtmosError `wrong-env` for a value that no program can be given */
function exportLine(component: string, name: string, value: Json): string {
  // As a null that is written in env: not set.
  if (value === null) return `unset ${name}\n`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (Buffer.byteLength(text) > LONGEST) {
    throw new AtmosError(`${component}: the variable ${name} of its environment is longer than ${LONGEST / 1024} KiB`, {
      kind: 'failed',
      code: 'wrong-env',
      hint: 'pass the value in vars',
    });
  }
  if (!text.includes('\0')) return `export ${name}=${shellWord(text)}\n`;
  throw new AtmosError(`${component}: the variable ${name} of its environment contains a zero byte`, {
    kind: 'failed',
    code: 'wrong-env',
    hint: 'pass the value in vars',
  });
}

/** `<address>/component`: what the nodes of a rollout run on. */
export function componentNode(instance: Instance, reads: UpstreamReads, name = 'component'): Node {
  const { args, inputs } = variablesNode(instance, reads);
  return step(instance.address, name, {
    inputs,
    action: { kind: 'compute', ...COMPONENT, args: args as unknown as Json, outputs: ['component'] },
  });
}
