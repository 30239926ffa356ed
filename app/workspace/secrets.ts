import { isUtf8 } from 'node:buffer';
import { quote, type Scope } from '../../config/index.ts';
import { AtmosError, type SecretRef, type TargetRef } from '../../engine/index.ts';
import type { Instances } from '../../phases/index.ts';
import type { Release, ReleaseComponent, ValueSource } from '../../releases/index.ts';
import { headCommit, isPartOfHere, type Revision, revisionAt, scopeAt, worktreeRevision } from './revision.ts';
import type { Workspace } from './workspace.ts';

/** The variables of a component's nodes with values that are in no release: those of the target, and its own over them. Sorted. */
export function secretsOf({ config }: Release, component?: ReleaseComponent): readonly SecretRef[] {
  const own = (component?.settings.secrets ?? {}) as unknown as Readonly<Record<string, ValueSource>>;
  return Object.entries({ ...config.secrets, ...own })
    .map(([name, source]) => ({ name, from: written(source) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A source as a shell writes it: `NAME`, `NAME:-default`, `$(command)`. */
function written(source: ValueSource): string {
  if ('exec' in source) return `$(${source.exec})`;
  return source.default === undefined ? source.env : `${source.env}:-${source.default}`;
}

/** Of a variable whose value Terraform reads as an expression: a text that is the secret's. */
const QUOTED = 'quoted ';

/** The same variable, whose value is read as an expression. */
export const quoted = ({ name, from }: SecretRef): SecretRef => ({ name, from: `${QUOTED}${from}` });

const sourceIn = (from: string): string => (from.startsWith(QUOTED) ? from.slice(QUOTED.length) : from);

/** What a source gives on this machine without running anything; `undefined` for what is not known so. */
export function knownValue(from: string): string | undefined {
  if (isCommand(from)) return undefined;
  const [, name = '', , fallback] = /^(.*?)(:-([\s\S]*))?$/.exec(from) ?? [];
  return process.env[name] ?? fallback;
}

const isCommand = (from: string): boolean => from.startsWith('$(');

/** Whose nodes are given secrets. */
export interface SecretSubject extends TargetRef {
  /** What they were made of: for what is made of something else than what is checked out. */
  readonly releases: Iterable<Release>;
  /** What the release that is rolled out was made of just now. */
  readonly scope?: Scope | undefined;
}

/**
 * The values of the secrets that nodes are given, by `SecretRef.from`; those that are known already are not asked for again.
 * @throws AtmosError `missing-secret`; `not-declared` for what is in a release alone: whoever made it would read it, or run it, here
 */
export async function secretValues(
  workspace: Workspace,
  subject: SecretSubject,
  refs: Iterable<SecretRef>,
  known: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = { ...known };
  const wanted = [...refs].filter(({ from }) => values[from] === undefined);
  if (wanted.length === 0) return values;
  await refuseUndeclared(workspace, subject, wanted);
  const found = new Map<string, string>();
  for (const ref of wanted) {
    const from = sourceIn(ref.from);
    const value = found.get(from) ?? (isCommand(from) ? await printed(ref.name, from, workspace.root) : knownValue(from));
    if (value === undefined) throw missing({ ...ref, from }, subject.target);
    if (Buffer.byteLength(value) > LARGEST) throw tooLarge(ref.name, from);
    found.set(from, value);
    values[ref.from] = from === ref.from ? value : quote(value);
  }
  return values;
}

/** More no program can be given as one variable (Linux, MAX_ARG_STRLEN, less the name). */
const LARGEST = 128_000;

/** The variables of all nodes of some components. */
export function refsOf({ instances, applied }: { readonly instances: Instances; readonly applied: Instances }): readonly SecretRef[] {
  return [instances, applied].flatMap((all) => Object.values(all).flatMap(({ secrets }) => secrets));
}

/**
 * What nodes read of this machine is what configuration says that is checked out, or that comes before it.
 * @throws AtmosError `not-declared`
 */
async function refuseUndeclared(workspace: Workspace, subject: SecretSubject, wanted: readonly SecretRef[]): Promise<void> {
  const { deployment, target, releases, scope } = subject;
  const declared = new Set<string>();
  const left = (): SecretRef | undefined => wanted.find(({ from }) => !declared.has(sourceIn(from)));
  const add = (one: Scope | undefined): void => {
    const all = one === undefined ? [] : [one.secrets, ...Object.values(one.components).map(({ secrets = {} }) => secrets)];
    for (const source of all.flatMap((sources) => Object.values<ValueSource>(sources))) declared.add(written(source));
  };
  add(scope);
  if (left() === undefined) return;
  const { repository } = await workspace.tracking();
  const commits = [await headCommit(repository), ...[...releases].map(({ config }) => config.commit)];
  for (const commit of new Set(commits)) {
    if (left() === undefined) return;
    if (await isPartOfHere(workspace, commit))
      add(await scopeIfAny(workspace, await revisionAt(workspace, commit), { deployment, target }));
  }
  const missed = left();
  if (missed !== undefined && [...releases].some(({ config }) => config.dirty)) {
    add(await scopeIfAny(workspace, await worktreeRevision(workspace), { deployment, target }));
  }
  if (missed !== undefined && left() !== undefined) throw notDeclared(missed.name, sourceIn(missed.from), subject);
}

/** `undefined` where a target is not declared, or what it is made of does not hold. */
async function scopeIfAny(workspace: Workspace, revision: Revision, { deployment, target }: TargetRef): Promise<Scope | undefined> {
  return scopeAt(workspace, revision, { deployment, target }).catch((error: unknown) => {
    if (error instanceof AtmosError) return undefined;
    throw error;
  });
}

async function printed(name: string, from: string, cwd: string): Promise<string> {
  const command = from.slice(2, -1);
  const failed = (why: string): AtmosError =>
    new AtmosError(`the command for the variable ${name} ${why}`, {
      kind: 'environment',
      code: 'exec',
      hint: `run it to see its output: ${command}`,
    });
  const { execFile } = process.getBuiltinModule('node:child_process');
  const said = await new Promise<Buffer>((resolve, reject) => {
    execFile('sh', ['-c', command], { cwd, encoding: 'buffer', maxBuffer: LARGEST }, (error, stdout) => {
      if (error === null) resolve(stdout);
      // What it printed may be secret.
      else if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') reject(tooLarge(name, from));
      else reject(failed(typeof error.code === 'number' ? `failed: exit code ${error.code}` : 'was ended'));
    }).stdin?.end();
  });
  if (!isUtf8(said) || said.includes(0)) throw failed('printed output that is not UTF-8, or contains zero bytes');
  return said.toString('utf8').replace(/[\r\n]+$/, '');
}

function tooLarge(name: string, from: string): AtmosError {
  return new AtmosError(`the variable ${name} is larger than ${LARGEST / 1000} kB, the limit for an environment variable (${from})`, {
    kind: 'invalid',
    code: 'too-large',
    hint: 'let nodes read it from a file or a store',
  });
}

function missing({ name, from }: SecretRef, target: string): AtmosError {
  return new AtmosError(`secret ${name} of target ${target} comes from the variable ${from}, which is not set`, {
    kind: 'environment',
    code: 'missing-secret',
    hint: `set it: export ${from}=…`,
  });
}

function notDeclared(name: string, from: string, { deployment, target }: SecretSubject): AtmosError {
  return new AtmosError(
    `the release sets ${name} from ${isCommand(from) ? 'a command' : 'a variable of this machine'} that ${deployment}/${target} does not declare in the checked-out commit or its history: ${isCommand(from) ? from.slice(2, -1) : from.replace(/:-[\s\S]*$/, '')}`,
    { kind: 'refused', code: 'not-declared', hint: 'check out a commit that declares it (git pull), and review it' },
  );
}
