import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KindPackage } from '../config/index.ts';
import { AtmosError, isObject } from '../engine/index.ts';
import type { ComponentKind, Kinds } from '../phases/index.ts';
import { type KindTools, TOOLS } from './tools.ts';

/** What a package with a kind exports by default. */
export type DefineKind = (tools: KindTools) => ComponentKind;

/**
 * Loads the kinds that npm packages have, as `deployments.kinds` of `atmos.yaml` names them: from `node_modules` at the root or above it.
 * @throws AtmosError `kind-package`
 */
export async function loadPackages(root: string, packages: readonly KindPackage[]): Promise<Kinds> {
  const loaded = await Promise.all(packages.map(async (one) => [one.kind, await loadPackage(root, one)] as const));
  return Object.fromEntries(loaded);
}

async function loadPackage(root: string, { kind, package: name }: KindPackage): Promise<ComponentKind> {
  const refuse = (text: string, hint: string, cause?: unknown): AtmosError =>
    new AtmosError(`the package "${name}" of the kind "${kind}" ${text}`, { kind: 'invalid', code: 'kind-package', hint, cause });
  let path: string;
  try {
    path = createRequire(join(root, 'package.json')).resolve(name);
  } catch (cause) {
    throw refuse('is not installed', `install it where atmos.yaml is: npm install --save-dev ${name}`, cause);
  }
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default;
  } catch (cause) {
    throw refuse(`cannot be loaded: ${(cause as Error).message}`, 'see docs/kinds.md', cause);
  }
  if (typeof exported !== 'function') throw refuse('has no default export function', 'see docs/kinds.md');
  let made: unknown;
  try {
    made = (exported as DefineKind)(TOOLS);
  } catch (cause) {
    throw refuse(`fails: ${(cause as Error).message}`, 'see docs/kinds.md', cause);
  }
  const wrong = isObject(made) ? wrongIn(made, kind) : 'returns no kind';
  if (wrong !== undefined) throw refuse(wrong, 'see docs/kinds.md');
  return made as unknown as ComponentKind;
}

/** What a kind of a package lacks; `undefined` where it has all. */
function wrongIn(made: { readonly [key: string]: unknown }, name: string): string | undefined {
  if (!isObject(made.spec)) return 'has no "spec"';
  if (made.spec.name !== name) return `declares the kind as ${JSON.stringify(made.spec.name)}, expected "${name}"`;
  if (made.spec.isModule === true) return 'has root modules of Terraform, which only the built-in kind has';
  const missing = ['images', 'gather', 'layer', 'settings'].find((key) => typeof made[key] !== 'function');
  return missing === undefined ? undefined : `has no function "${missing}"`;
}
