import { isBuiltin, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KindPackage } from '../config/index.ts';
import { AtmosError, isObject } from '../engine/index.ts';
import type { ComponentKind } from '../phases/index.ts';
import { guarded } from './guarded.ts';
import { wrongIn } from './package-check.ts';
import { type KindTools, TOOLS } from './tools.ts';

/** What a package with a kind exports by default. */
export type DefineKind = (tools: KindTools) => ComponentKind;

/**
 * Loads the kinds that npm packages have, as `deployments.kinds` of `atmos.yaml` names them: from `node_modules` at the root or above it. What can't be
 * loaded is an error in its place (`kind-package`).
 */
export async function loadPackages(root: string, packages: readonly KindPackage[]): Promise<PackagedKinds> {
  const loaded: [string, ComponentKind | AtmosError][] = [];
  // One after the other: how Node resolves the name of a package is changed for each.
  for (const one of packages) loaded.push([one.kind, await loadPackage(root, one).catch(errorOf)]);
  return Object.fromEntries(loaded);
}

/** Kinds by name, or why one can't be loaded. */
export type PackagedKinds = Readonly<Record<string, ComponentKind | AtmosError>>;

function errorOf(error: unknown): AtmosError {
  if (error instanceof AtmosError) return error;
  throw error;
}

type Refuse = (text: string, hint?: string, cause?: unknown) => AtmosError;

async function loadPackage(root: string, { kind, package: name, position }: KindPackage): Promise<ComponentKind> {
  const refuse: Refuse = (text, hint = 'see docs/kinds.md', cause = undefined) =>
    new AtmosError(`package "${name}" of kind "${kind}" ${text}`, {
      kind: 'invalid',
      code: 'kind-package',
      hint,
      cause,
      ...(position === undefined ? {} : { position }),
    });
  if (isBuiltin(name)) throw refuse('is a module of Node.js, not an npm package', 'name a package of node_modules');
  const define = await exportedBy(root, name, refuse);
  if (typeof define !== 'function') throw refuse('has no default export function');
  let made: unknown;
  try {
    made = (define as DefineKind)(TOOLS);
  } catch (cause) {
    throw refuse(`fails: ${textOf(cause)}`, undefined, cause);
  }
  if (made instanceof Promise) {
    made.catch(() => {});
    throw refuse('exports an async function, expected one that returns the kind itself');
  }
  const wrong = isObject(made) ? wrongIn(made, kind) : 'returns no kind';
  if (wrong !== undefined) throw refuse(wrong);
  return guarded(made as unknown as ComponentKind, (text, cause) => refuse(text, 'report it to the authors of the package', cause));
}

/** The default export of a package: resolved as an `import` in a file at the root would be. */
async function exportedBy(root: string, name: string, refuse: Refuse): Promise<unknown> {
  const parentURL = pathToFileURL(join(root, 'package.json')).href;
  let isFound = false;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== name || isFound) return next(specifier, context);
      const resolved = next(specifier, { ...context, parentURL });
      isFound = true;
      return resolved;
    },
  });
  try {
    const { default: exported } = (await import(name)) as { readonly default?: unknown };
    // What a compiler of TypeScript to CommonJS makes of "export default".
    return isObject(exported) && exported.__esModule === true ? exported.default : exported;
  } catch (cause) {
    if (!isFound && (cause as { readonly code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND')
      throw refuse('is not installed', `install it in the directory of atmos.yaml: npm install --save-dev ${name}`, cause);
    throw refuse(`cannot be loaded: ${textOf(cause)}`, undefined, cause);
  } finally {
    hooks.deregister();
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
