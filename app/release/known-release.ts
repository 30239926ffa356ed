import { join } from 'node:path/posix';
import { AtmosError, type Digest, isDigest, isObject, sha256, type TargetRef } from '../../engine/index.ts';
import { describeProviders, findProviders } from '../../kinds/index.ts';
import { ledgerRef, orphansOf, type TargetState, type WantedComponents } from '../../tracking/index.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { isRunning } from './wanted.ts';

/** Counts up when a release comes to be made of anything else. */
const FORMAT = 3;

/** What a commit was found to make for a target: kept, since a release is a function of the commit and of what is listed here. */
export interface KnownRelease {
  readonly release: Digest;
  readonly wanted: WantedComponents;
  /** The paths in scope, relative to the root: they must be as the commit has them. */
  readonly paths: readonly string[];
  /** Digests of the environment variables that its templates read; `null` for one that is not set. */
  readonly env: Readonly<Record<string, Digest | null>>;
  /** Whether the deployment file asks for what is no longer declared to be destroyed. */
  readonly prune: boolean;
  /** Providers that no lock file pins, and what the mirror had of them. */
  readonly providers: { readonly names: readonly string[]; readonly digest: Digest | null };
}

/** Another `atmos.yaml` may make another release. */
function keyOf({ configFile }: Workspace, commit: string, { deployment, target }: TargetRef): string {
  return `release ${FORMAT} ${commit} ${deployment} ${target} ${configFile ?? ''}`;
}

export async function keepKnown(
  workspace: Workspace,
  commit: string,
  deployment: string,
  target: string,
  known: KnownRelease,
): Promise<void> {
  await workspace.answers.put(keyOf(workspace, commit, { deployment, target }), JSON.stringify(known));
}

/** Variables of the environment as digests: what was read is compared, never kept. */
export function environmentDigests(names: Iterable<string>): Readonly<Record<string, Digest | null>> {
  return Object.fromEntries([...names].sort().map((name) => [name, digestOf(process.env[name])]));
}

function digestOf(value: string | undefined): Digest | null {
  return value === undefined ? null : sha256(value);
}

/**
 * The shortest way to "nothing to do": the commit that is checked out made a release before, nothing in its scope has changed since, and the
 * target runs it. Configuration is not even read. `undefined` where any of this is not so, or is not known.
 */
export async function runsAlready(
  workspace: Workspace,
  deployment: string,
  target: string,
  prune: boolean,
): Promise<(KnownRelease & { readonly state: TargetState }) | undefined> {
  const { repository, refs, ledger, prefix } = await workspace.tracking();
  const reading = refs.read([ledgerRef({ deployment, target })]);
  // While Git looks at the working tree.
  const standing = reading.then((ids) => ledger.stateIn({ deployment, target }, ids));
  // Whoever needs the answer asks again and reports what is wrong.
  standing.catch(() => undefined);
  const commit = await repository.head();
  const text = commit === undefined ? undefined : await workspace.answers.get(keyOf(workspace, commit, { deployment, target }));
  const known: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isKnownRelease(known) || !sameEnvironment(known)) return undefined;
  const dirty = repository.dirtyPaths(known.paths.map((path) => join(prefix, path)));
  const [changed, ids, isSame] = await Promise.all([dirty, reading.catch(unreachable), sameProviders(workspace, known)]);
  if (changed.length > 0 || ids === undefined || !isSame) return undefined;
  const state = await standing;
  if (!isRunning(known.release, known.wanted, state)) return undefined;
  const hasOrphans = orphansOf(state, Object.keys(known.wanted)).length > 0;
  return hasOrphans && (prune || known.prune) ? undefined : { ...known, state };
}

/** The digest of some providers as the mirrors have them; `null` when they are not all there. */
export async function providersDigest({ providers }: Workspace, names: readonly string[]): Promise<Digest | null> {
  const { configured, implied } = providers;
  const found = await findProviders(configured === undefined ? implied : [configured], names);
  return found === undefined ? null : describeProviders(found);
}

async function sameProviders(workspace: Workspace, { providers }: KnownRelease): Promise<boolean> {
  return providers.names.length === 0 || (await providersDigest(workspace, providers.names)) === providers.digest;
}

function sameEnvironment({ env }: KnownRelease): boolean {
  return Object.entries(env).every(([name, digest]) => digestOf(process.env[name]) === digest);
}

function unreachable(error: unknown): undefined {
  if (error instanceof AtmosError) return undefined;
  throw error;
}

function isKnownRelease(value: unknown): value is KnownRelease {
  return (
    isObject(value) &&
    isDigest(value.release) &&
    isObject(value.wanted) &&
    Array.isArray(value.paths) &&
    isObject(value.env) &&
    typeof value.prune === 'boolean' &&
    isObject(value.providers)
  );
}
