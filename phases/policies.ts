import { basename, dirname, join } from 'node:path/posix';
import { type Policy, policyFile, policyInput, type ScopedComponent } from '../config/index.ts';
import { allSettled, canonicalJson, isObject, makeTree, type Node } from '../engine/index.ts';
import { importSource, type SourceFile } from '../vendoring/index.ts';
import { type ExpansionInputs, type GatheredPolicy, OPA } from './inputs.ts';
import { singleFile } from './single-file.ts';
import type { Sources } from './sources.ts';
import { exec, input, step } from './step.ts';

/** Reads the policies of a component; those in JSON Schema, too, though no node has them: so they are known to be among what it is made of. */
export async function gatherPolicies(component: ScopedComponent, from: Sources): Promise<readonly GatheredPolicy[]> {
  const { policies } = component;
  if (policies === undefined) return [];
  const found = await allSettled(policies.list, async (policy): Promise<readonly GatheredPolicy[]> => {
    const path = await policyFile(component, policy, from.config);
    const files = await regoFiles([path, ...policy.modules], from);
    if (policy.type !== 'opa') return [];
    const rego = await from.store.putTree(await importSource(from.store, files));
    const text = canonicalJson(policyInput(component));
    const entry = { path: 'input.json', mode: '644', digest: await from.store.put(text), size: Buffer.byteLength(text) } as const;
    return [{ policy, input: await from.store.putTree(makeTree([entry])), rego }];
  });
  return found.flat();
}

/** Files, and all below directories, each in a directory of its own; tests of policies are none of them. */
async function regoFiles(
  paths: readonly string[],
  from: Sources,
): Promise<readonly { readonly at: string; readonly files: readonly SourceFile[] }[]> {
  return allSettled([...paths.entries()], async ([index, path]) => {
    const single = await singleFile(path, from);
    const files = single === undefined ? await from.entries(path) : [{ ...single, path: basename(path) }];
    if (single !== undefined) await from.entries(dirname(path));
    return { at: String(index), files: files.filter((file) => single !== undefined || !file.path.endsWith('_test.rego')) };
  });
}

/**
 * Defined where a policy is broken, or where there is no `data.atmos.errors`: that it says nothing must be said by an empty list or set. Rego as Atmos
 * reads it: of before version 1, where a file does not ask for the later one.
 */
const QUERY = 'found := [errors | errors := data.atmos.errors]; not found == [[]]; not found == [set()]';

/** The nodes that check a component by Rego: each fails where its policy is broken, and prints why. Cached, as their policies and values are all they see. */
export function policyNodes({ address }: ScopedComponent, inputs: ExpansionInputs): readonly Node[] {
  const image = inputs.images[OPA];
  return (inputs.policies[address] ?? []).map(({ policy, input: asked, rego }) => {
    if (image === undefined) throw new TypeError(`no image to check ${address} in`);
    return step(address, policyStep(policy.name), {
      inputs: [input('/input', asked), input('/policy', rego)],
      action: exec({
        image: image.digest,
        argv: [
          'opa',
          'eval',
          '--v0-compatible',
          '--fail-defined',
          '--format',
          'json',
          ...policy.modules.flatMap((_, index) => ['--data', `/policy/${index + 1}`]),
          '--data',
          '/policy/0',
          '--input',
          '/input/input.json',
          QUERY,
        ],
        timeoutMs: policy.timeoutMs,
      }),
    });
  });
}

const PREFIX = 'policy-';

function policyStep(name: string): string {
  // A name may be anything, and a step is shown.
  return PREFIX + encodeURIComponent(name);
}

/** The policy of a component that a node checks; `undefined` for another node. */
export function policyOf({ address, policies }: ScopedComponent, id: string): Policy | undefined {
  return policies?.list.find(({ type, name }) => type === 'opa' && id === `${address}/${policyStep(name)}`);
}

/** The document that OPA prints, among what a policy prints itself: its braces stand on lines of their own. */
function documentIn(printed: string): unknown {
  const lines = printed.split('\n');
  const ends = lines.flatMap((line, index) => (line === '}' ? [index] : [])).reverse();
  for (const start of lines.flatMap((line, index) => (line === '{' ? [index] : []))) {
    for (const end of ends.filter((one) => one > start)) {
      try {
        return JSON.parse(lines.slice(start, end + 1).join('\n'));
      } catch {
        // A line of the policy's own is in it.
      }
    }
  }
  return undefined;
}

/** What a node said whose policy is broken, or can't be read. */
export interface PolicyAnswer {
  /** What the policy says of the component. */
  readonly broken: readonly string[];
  /** What is wrong with the policy itself. */
  readonly invalid: readonly string[];
}

/** Reads what a policy's node printed; `undefined` where that is none of its answers. */
export function policyAnswer(printed: string, { paths, modules }: Policy): PolicyAnswer | undefined {
  const document = documentIn(printed);
  if (!isObject(document)) return undefined;
  if (Array.isArray(document.errors)) {
    const roots = [dirname(paths.at(-1) ?? ''), ...modules];
    const invalid = document.errors.filter(isObject).map(({ message, location }) => {
      const { file, row } = isObject(location) ? location : {};
      const [, index = '', path = ''] = /^\/policy\/(\d+)\/(.*)$/.exec(String(file)) ?? [];
      return path === '' ? String(message) : `${join(roots[Number(index)] ?? '', path)}:${String(row)}: ${String(message)}`;
    });
    return { broken: [], invalid };
  }
  const [first]: readonly unknown[] = Array.isArray(document.result) ? document.result : [];
  const found = isObject(first) && isObject(first.bindings) ? first.bindings.found : undefined;
  if (!Array.isArray(found)) return undefined;
  const [errors]: readonly unknown[] = found;
  if (errors === undefined) return { broken: [], invalid: ['it has no "errors" in the package "atmos"'] };
  if (!Array.isArray(errors)) return { broken: [], invalid: ['"errors" must be a set or a list'] };
  return { broken: errors.map((error: unknown) => (typeof error === 'string' ? error : JSON.stringify(error))), invalid: [] };
}
