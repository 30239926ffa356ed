import { invalidPolicy, type Scope, violation } from '../../config/index.ts';
import { AtmosError, asOne, type ErrorDetails, failures, type Results } from '../../engine/index.ts';
import { loadKinds } from '../../kinds/index.ts';
import { type NodeFailure, policyAnswer, policyOf } from '../../phases/index.ts';
import type { Workspace } from './workspace.ts';

type FailureSource = Pick<Workspace, 'files' | 'store' | 'kinds'>;
type Target = { readonly deployment: string; readonly target: string };

/**
 * What failed in a run as errors for the reader: which node, and what its tool said, at the file and line that it named. Nodes of which the same is to be said
 * share one. With a scope, what was wrong with a value is told where the value was set. `undefined` when nothing failed.
 */
export async function failureOf(
  results: Results,
  workspace: FailureSource,
  scope: Scope | undefined,
  subject: Target | undefined = scope,
): Promise<AtmosError | undefined> {
  const broken = policyFailure(results, scope);
  if (broken !== undefined) return broken;
  const told = new Map<string, { readonly nodes: string[]; readonly said: Said }>();
  const failed = [...failures(results)].sort((one, other) => (one.id < other.id ? -1 : 1));
  for (const failure of failed) {
    const said = await whatFailed(failure, workspace, scope, subject);
    const key = JSON.stringify([said.text, said.position, said.hint]);
    const same = told.get(key);
    if (same === undefined) told.set(key, { nodes: [failure.id], said });
    else same.nodes.push(failure.id);
  }
  return asOne([...told.values()].map(({ nodes, said: { text, ...details } }) => new AtmosError(`${nodes.join(', ')}: ${text}`, details)));
}

/** An error of which it is not said yet whose it is. */
type Said = Pick<ErrorDetails, 'kind' | 'code' | 'position' | 'hint' | 'cause'> & { readonly text: string };

async function whatFailed(
  { id, outcome }: ReturnType<typeof failures>[number],
  { files, store, kinds }: FailureSource,
  scope: Scope | undefined,
  subject: Target | undefined,
): Promise<Said> {
  const { error, message, tail } = outcome;
  const address = id.slice(0, id.lastIndexOf('/'));
  const { deployment, target } = subject ?? { deployment: '<deployment>', target: '<target>' };
  const component = scope?.components[address];
  const failure: NodeFailure = { address, outcome, store, files, component, deployment, target };
  const { kindOfNode } = await loadKinds();
  const found = await kindOfNode(await kinds.load(), address)?.diagnose?.(failure);
  if (found !== undefined) return { ...found, kind: error.kind, cause: error };
  const said = error.code === 'exit-code' && tail.trim() !== '' ? `\n${indent(lastLines(tail))}` : '';
  const hint = error.hint ?? (said === '' ? undefined : `full output: atmos-deployment logs last ${id}`);
  return { text: `${message}${said}`, kind: error.kind, code: error.code, position: error.position, hint, cause: error };
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

/** What policies say that a run found broken, each at the line of its component's stack; `undefined` where none was, or none can be read. */
function policyFailure(results: Results, scope: Scope | undefined): AtmosError | undefined {
  const errors = failures(results).flatMap(({ id, outcome }): readonly AtmosError[] => {
    const component = scope?.components[id.slice(0, id.lastIndexOf('/'))];
    const policy = component === undefined ? undefined : policyOf(component, id);
    const answer = policy === undefined ? undefined : policyAnswer(outcome.tail, policy);
    if (component === undefined || policy === undefined || answer === undefined) return [];
    return [
      ...answer.broken.map((text) => violation(component, policy, text)),
      ...answer.invalid.map((text) => invalidPolicy(component, policy, text)),
    ];
  });
  return asOne(errors);
}
