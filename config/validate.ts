import { AtmosError } from '../engine/index.ts';
import { type Deployment, loadDeployment } from './deployment/load.ts';
import { componentSections } from './deployment/sections.ts';
import { withoutDisabled } from './enabled.ts';
import type { ConfigFiles } from './files.ts';
import type { Project } from './project.ts';
import { type ResolveOptions, resolve } from './resolve.ts';
import type { Scope } from './scope.ts';
import { sharedStates } from './shared-states.ts';
import { declaredStacks, ManifestLoader } from './stacks/imports.ts';
import { mapOf, member } from './yaml/located.ts';

/**
 * Everything that is wrong with a deployment, each error once: its file; when that holds, the stacks that it declares; when these hold too and
 * `options` are given, what resolving each of its targets meets.
 */
export async function validateDeployment(
  files: ConfigFiles,
  project: Project,
  name: string,
  options?: ResolveOptions,
): Promise<readonly AtmosError[]> {
  const found = new ErrorList();
  const deployment = await found.collect(() => loadDeployment(files, project, name, options?.cache));
  if (deployment === undefined) return found.errors;
  const loader = new ManifestLoader(files, project, { cache: options?.cache, functions: {}, call: () => undefined });
  for (const stack of declaredStacks(sectionsOf(deployment))) await found.collect(() => loader.load([stack]));
  if (options === undefined || found.errors.length > 0) return found.errors;
  const scopes: Scope[] = [];
  for (const target of deployment.targets) {
    const scope = await found.collect(() => resolve(files, project, deployment, target, options));
    if (scope !== undefined) scopes.push(withoutDisabled(scope));
  }
  const places = componentSections(deployment.root);
  for (const error of sharedStates(scopes, (address) => places.get(address)?.at)) found.add(error);
  return found.errors;
}

/** The deployment's own section and its targets'. */
function sectionsOf({ root }: Deployment) {
  const targets = mapOf(member(root, 'targets'), '"targets"')?.entries ?? [];
  return [root, ...[...targets].map(([name, { value }]) => mapOf(value, `target "${name}"`))];
}

/** Errors by place and message, so that what several targets meet counts once. */
class ErrorList {
  readonly #found = new Map<string, AtmosError>();

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

  add(error: AtmosError): void {
    const { file, line, column } = error.position ?? {};
    this.#found.set(`${file}:${line}:${column} ${error.message}`, error);
  }
}
