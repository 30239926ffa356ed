import { AtmosError, isObject, type SecretRef } from '../engine/index.ts';
import type { Instances } from '../phases/index.ts';
import type { Release, ReleaseComponent, ValueSource } from '../releases/index.ts';
import { headCommit, revisionAt, scopeAt, worktreeRevision } from './revision.ts';
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

/** What a source gives on this machine without running anything; `undefined` for what is not known so. */
export function knownValue(from: string): string | undefined {
  if (isCommand(from)) return undefined;
  const [, name = '', , fallback] = /^(.*?)(:-([\s\S]*))?$/.exec(from) ?? [];
  return process.env[name] ?? fallback;
}

const isCommand = (from: string): boolean => from.startsWith('$(');

/** Whose nodes are given secrets. */
export interface SecretSubject {
  readonly deployment: string;
  readonly target: string;
  /** Whether what is not committed counts. */
  readonly dirty?: boolean | undefined;
}

/**
 * The values of the secrets that nodes are given, by `SecretRef.from`; those that are known already are not asked for again.
 * @throws AtmosError `missing-secret`; `not-declared` for a command that is in a release alone: whoever made it would run it here
 */
export async function secretValues(
  workspace: Workspace,
  subject: SecretSubject,
  refs: Iterable<SecretRef>,
  known: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = { ...known };
  const commands: SecretRef[] = [];
  for (const ref of refs) {
    if (values[ref.from] !== undefined) continue;
    if (isCommand(ref.from)) {
      commands.push(ref);
      continue;
    }
    const value = knownValue(ref.from);
    if (value === undefined) throw missing(ref, subject.target);
    values[ref.from] = value;
  }
  if (commands.length === 0) return values;
  const declared = await declaredCommands(workspace, subject);
  for (const { name, from } of commands) {
    if (!declared.has(from)) throw notDeclared(name, from, subject);
    values[from] ??= printed(name, from, workspace.root);
  }
  return values;
}

/** The variables of all nodes of some components. */
export function refsOf({ instances, applied }: { readonly instances: Instances; readonly applied: Instances }): readonly SecretRef[] {
  return [instances, applied].flatMap((all) => Object.values(all).flatMap(({ secrets }) => secrets));
}

/** The commands that the configuration which is checked out runs for a target, as `SecretRef.from`. */
async function declaredCommands(workspace: Workspace, { deployment, target, dirty }: SecretSubject): Promise<ReadonlySet<string>> {
  const { repository } = await workspace.tracking();
  const revision = dirty === true ? await worktreeRevision(workspace) : await revisionAt(workspace, await headCommit(repository));
  const { components } = await scopeAt(workspace, revision, deployment, target);
  return new Set(Object.values(components).flatMap(({ secrets = {} }) => Object.values(secrets).map(written).filter(isCommand)));
}

function printed(name: string, from: string, cwd: string): string {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync('sh', ['-c', from.slice(2, -1)], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
  } catch (cause) {
    // What it printed may be secret.
    const status = isObject(cause) && typeof cause.status === 'number' ? `exit code ${cause.status}` : 'it did not end by itself';
    throw new AtmosError(`the command that gives the variable ${name} failed: ${status}`, {
      kind: 'environment',
      code: 'exec',
      hint: `see what it says: ${from.slice(2, -1)}`,
    });
  }
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
    `the release has the variable ${name} by a command that the configuration of ${deployment}/${target} does not have here: ${from.slice(2, -1)}`,
    { kind: 'refused', code: 'not-declared', hint: 'check out the commit that the release was made of, and see that it is meant' },
  );
}
