import { AtmosError } from '../../engine/index.ts';
import { mapOf, member } from '../../yaml/index.ts';
import { withoutDisabled } from '../deployment/enabled.ts';
import { type Deployment, loadDeployment } from '../deployment/load.ts';
import { componentSections } from '../deployment/sections.ts';
import type { ResolveOptions } from '../evaluation/options.ts';
import type { Scope } from '../model/scope.ts';
import type { ConfigSource } from '../project/config-source.ts';
import { resolve } from '../resolve/resolve.ts';
import { declaredStacks, ManifestLoader } from '../stacks/imports.ts';
import type { Findings } from './policies.ts';
import { checkScope, kindErrors } from './scope.ts';
import { sharedStates } from './shared-states.ts';
import { undeclaredIn } from './values.ts';

/**
 * Everything that is wrong with some deployments, and what had better be looked at, each once: their files; where these hold, the stacks that they declare; where these hold too and
 * `options` are given, what resolving each of their targets meets, and what all of these together do.
 */
export async function validateDeployments(source: ConfigSource, names: readonly string[], options?: ResolveOptions): Promise<Findings> {
  const found = new ErrorList();
  const all: Validated[] = [];
  for (const name of names) {
    const own = new ErrorList();
    all.push(await validate(source, name, options, own));
    for (const error of own.errors) found.add(error);
    for (const warning of own.warnings) found.warn(warning);
  }
  const places = new Map(all.map(({ deployment }) => [deployment?.name, componentSections(deployment?.root)]));
  const scopes = all.flatMap((one) => one.scopes);
  for (const error of sharedStates(scopes, (deployment, address) => places.get(deployment)?.get(address)?.at)) found.add(error);
  return { errors: found.errors, warnings: found.warnings };
}

interface Validated {
  readonly deployment: Deployment | undefined;
  readonly scopes: readonly Scope[];
}

async function validate(source: ConfigSource, name: string, options: ResolveOptions | undefined, found: ErrorList): Promise<Validated> {
  const deployment = await found.collect(() => loadDeployment(source, name));
  if (deployment === undefined) return { deployment, scopes: [] };
  const loader = new ManifestLoader(source, { functions: {}, call: () => undefined });
  for (const stack of declaredStacks(sectionsOf(deployment))) await found.collect(() => loader.load([stack]));
  const scopes: Scope[] = [];
  if (options === undefined || found.errors.length > 0) return { deployment, scopes };
  const ofTargets = new Map<string, ErrorList>();
  for (const target of deployment.targets) {
    const own = new ErrorList();
    ofTargets.set(target, own);
    const scope = await own.collect(() => resolve(source, deployment, target, options));
    if (scope === undefined) continue;
    const enabled = withoutDisabled(scope);
    scopes.push(enabled);
    const { errors, warnings } = await checkScope(enabled, source);
    for (const error of errors) own.add(error);
    if (errors.length === 0 && options.examine !== undefined)
      for (const error of await kindErrors(enabled, options.examine)) own.add(error);
    for (const warning of warnings) found.warn(warning);
    if (errors.length === 0) for (const warning of await undeclaredIn(enabled, source)) found.warn(warning);
  }
  for (const error of ofSomeTargets(ofTargets)) found.add(error);
  return { deployment, scopes };
}

/** What is wrong with targets, each error once; with their names where it is not all of them. */
function ofSomeTargets(targets: ReadonlyMap<string, ErrorList>): readonly AtmosError[] {
  const all = new Map<string, { readonly error: AtmosError; readonly of: string[] }>();
  for (const [target, { errors }] of targets) {
    for (const error of errors) {
      const known = all.get(keyOf(error));
      if (known === undefined) all.set(keyOf(error), { error, of: [target] });
      else known.of.push(target);
    }
  }
  return [...all.values()].map(({ error, of }) => {
    if (
      of.length === targets.size ||
      of.some((target) => error.message.includes(`target ${target}`) || error.message.includes(`"${target}"`))
    )
      return error;
    const { kind, code, position, hint, cause } = error;
    return new AtmosError(`${error.message} (target ${of.join(', ')})`, { kind, code, position, hint, cause });
  });
}

/** The deployment's own section and its targets'. */
function sectionsOf({ root }: Deployment) {
  const targets = mapOf(member(root, 'targets'), '"targets"')?.entries ?? [];
  return [root, ...[...targets].map(([name, { value }]) => mapOf(value, `target "${name}"`))];
}

/** Errors by place and message, so that what several targets meet counts once. */
class ErrorList {
  readonly #found = new Map<string, AtmosError>();
  readonly #warned = new Map<string, AtmosError>();

  get errors(): readonly AtmosError[] {
    return [...this.#found.values()];
  }

  /** The work's result; `undefined` when it met errors. Faults of ours pass through. */
  async collect<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AtmosError)) throw error;
      for (const one of [error, ...error.others]) this.add(one);
      return undefined;
    }
  }

  get warnings(): readonly AtmosError[] {
    return [...this.#warned.values()];
  }

  add(error: AtmosError): void {
    this.#found.set(keyOf(error), error);
  }

  warn(warning: AtmosError): void {
    this.#warned.set(keyOf(warning), warning);
  }
}

function keyOf({ position, message }: AtmosError): string {
  const { file, line, column } = position ?? {};
  return `${file}:${line}:${column} ${message}`;
}
