import { join } from 'node:path/posix';
import {
  type ConfigFiles,
  invalidPolicy,
  type Origin,
  originsOf,
  type Scope,
  type ScopedComponent,
  GENERATED_VERSIONS as VERSIONS,
  violation,
} from '../config/index.ts';
import { AtmosError, asOne, type Digest, type ErrorDetails, failures, type Position, type Results } from '../engine/index.ts';
import { type Diagnostic, policyAnswer, policyOf, readDiagnostic, readUiDiagnostic } from '../phases/index.ts';
import type { Workspace } from './workspace.ts';

/**
 * What failed in a run as errors for the reader: which node, and what its tool said, at the file and line that it named. Nodes of which the same is to be said
 * share one. With a scope, what was wrong with a value is told where the value was set. `undefined` when nothing failed.
 */
export async function failureOf(
  results: Results,
  workspace: Pick<Workspace, 'files' | 'store'>,
  scope: Scope | undefined,
  subject: { readonly deployment: string; readonly target: string } | undefined = scope,
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
  { files, store }: Pick<Workspace, 'files' | 'store'>,
  scope: Scope | undefined,
  subject: { readonly deployment: string; readonly target: string } | undefined,
): Promise<Said> {
  const { error, message, tail } = outcome;
  const component = id.slice(0, id.lastIndexOf('/'));
  const isTerraform = error.code === 'exit-code' && /^(terraform|read)\//.test(component);
  const diagnostic = !isTerraform ? undefined : ((await ofOutputs(outcome.outputs, store)) ?? readDiagnostic(tail));
  if (diagnostic === undefined) {
    const said = error.code === 'exit-code' && tail.trim() !== '' ? `\n${indent(lastLines(tail))}` : '';
    const hint = error.hint ?? (said === '' ? undefined : `all that it printed: atmos-deployment logs last ${id}`);
    return { text: `${message}${said}`, kind: error.kind, code: error.code, position: error.position, hint, cause: error };
  }
  const { summary, detail } = diagnostic;
  const place = placeOf(diagnostic, scope?.components[component]);
  return {
    text: `${summary}${detail === '' ? '' : `: ${detail}`}`,
    kind: error.kind,
    code: 'terraform',
    position: place === undefined ? undefined : await positionIn(files, place),
    hint: adviceOn(diagnostic, component, subject) ?? 'Fix it, and run it again.',
    cause: error,
  };
}

/** What clouds and backends say to somebody whom they do not know, or do not let in: in their own words, since a name may have any of these. */
const CREDENTIALS = new RegExp(
  [
    'No valid credential sources|could not find default credentials|failed to refresh cached credentials|No credentials loaded',
    'Unable to locate credentials|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch|AuthorizationFailed|UnauthorizedOperation',
    '\\bAccessDenied\\b|requires auth\\b|az login|could not configure \\w+ Authorizer|password authentication failed',
    '\\b401 Unauthorized|\\b403 Forbidden|status ?code:? 40[13]\\b|HTTP (?:error )?40[13]\\b|permission denied \\(403\\)',
  ].join('|'),
  'i',
);
const UNREACHABLE =
  /dial tcp|no such host|connection (refused|reset by peer|timed out)|i\/o timeout|network is unreachable|TLS handshake timeout|status ?code:? 50[234]\b/i;
/** A variable that credentials come from, by whose they are. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/google|storage\.NewClient/i, 'GOOGLE_CREDENTIALS'],
  [/azure|az login|\bARM\b/i, 'ARM_CLIENT_SECRET'],
  [/HTTP remote state/i, 'TF_HTTP_PASSWORD'],
  [/\bpq: |postgres/i, 'PGPASSWORD'],
  [/vault/i, 'VAULT_TOKEN'],
];

/** What to do about errors that have to do with where a component runs. */
function adviceOn(
  { summary, detail }: Diagnostic,
  component: string,
  subject: { readonly deployment: string; readonly target: string } | undefined,
): string | undefined {
  const { deployment, target } = subject ?? { deployment: '<deployment>', target: '<target>' };
  if (/^Failed to (save|persist) state/i.test(summary)) {
    return `The state was rescued. When the backend works again: atmos-deployment state push ${deployment} ${component} --target ${target}`;
  }
  if (/state lock/i.test(summary)) {
    return `If nobody is at work there: atmos-deployment unlock ${deployment} --target ${target} --state ${component} --force`;
  }
  const said = `${summary} ${detail}`;
  if (CREDENTIALS.test(said)) {
    const name = VARIABLES.find(([whose]) => whose.test(said))?.[1] ?? 'AWS_ACCESS_KEY_ID';
    return `Nodes have no credentials but those of the target: targets: { ${target}: { secrets: { ${name}: { env: ${name} } } } }, by the names that Terraform reads. If these are there, they are wrong, have expired, or are not allowed this.`;
  }
  if (UNREACHABLE.test(said)) return 'Run it again when that can be reached.';
  const path = /no file exists at "([^"]*\.\.\/[^"]*)"/.exec(detail)?.[1];
  if (path === undefined) return undefined;
  return `A component sees its own directory and the local modules that it uses. Declare what else it reads, relative to the directory of atmos.yaml: settings: { terraform: { include: [${path.replace(/^(\.?\.\/)+/, '')}] } }`;
}

/** What Terraform's machine-readable UI says went wrong, of a plan or an apply. */
async function ofOutputs({ plan, outputs }: Readonly<Record<string, Digest>>, store: Workspace['store']): Promise<Diagnostic | undefined> {
  if (plan !== undefined) return readUiDiagnostic(plan, 'plan.jsonl', store);
  return outputs === undefined ? undefined : readUiDiagnostic(outputs, 'apply.jsonl', store);
}

/** Where the value was set that a generated file holds, else where Terraform says. */
function placeOf({ summary, file, line, variable }: Diagnostic, component: ScopedComponent | undefined): Origin | undefined {
  if (component === undefined || file === undefined || line === undefined) return undefined;
  const section = file === VERSIONS ? sectionOf(summary) : undefined;
  if (variable === undefined && section === undefined) return { file: join(component.source, file), line };
  const pointer = variable === undefined ? `/${section}` : `/vars/${variable}`;
  return Object.entries(originsOf(component)).find(([name]) => name === pointer || name.startsWith(`${pointer}/`))?.[1];
}

/** Of the file that stacks have made, the section that an error is about. */
function sectionOf(summary: string): 'required_version' | 'required_providers' {
  return /Terraform Core version|OpenTofu Core version|required_version/i.test(summary) ? 'required_version' : 'required_providers';
}

/** `undefined` when the file is not one of the repository's: Terraform also names files that were generated. */
async function positionIn(files: ConfigFiles, { file, line }: Origin): Promise<Position | undefined> {
  const content = await files.read(file);
  if (content === undefined) return undefined;
  const lines = Buffer.from(content).toString('utf8').split('\n');
  const first = Math.max(1, line - 1);
  const text = lines[line - 1] ?? '';
  const column = text.length - text.trimStart().length + 1;
  return { file, line, column, length: Math.max(1, text.trim().length), excerpt: { first, lines: lines.slice(first - 1, line) } };
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
