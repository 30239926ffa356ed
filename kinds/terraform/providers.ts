import type { TerraformModule } from '../../config/index.ts';
import { makeTree, prettyJson, type Tree } from '../../engine/index.ts';
import type { ModuleSource, Sources } from '../../phases/index.ts';
import { findProviders, mirrorTree, notMirrored, qualified } from './mirror.ts';

/** Providers come from the mirror where there is one; else from their registry, by what is required and locked and nothing more. */
export async function providersOf(
  modules: readonly TerraformModule[],
  lock: Tree,
  command: string,
  from: Pick<Sources, 'store' | 'providers'>,
): Promise<ModuleSource['providers']> {
  const required = requirementsOf(modules);
  if (required.size === 0) return undefined;
  const names = providerNames(modules, command);
  const { configured, implied } = from.providers;
  const found = await findProviders(configured === undefined ? implied : [configured], names);
  if (found !== undefined) return mirrorTree(found, from.store);
  if (configured !== undefined) throw notMirrored(configured, names);
  const requirements = [...required]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, versions], index) => {
      const version = [...versions].sort().join(', ');
      return [`provider${index}`, version === '' ? { source } : { source, version }] as const;
    });
  const text = prettyJson({ terraform: { required_providers: Object.fromEntries(requirements) } });
  const tree = makeTree([
    ...lock.entries,
    { path: 'main.tf.json', mode: '644', digest: await from.store.put(text), size: Buffer.byteLength(text) },
  ]);
  return { requirements: await from.store.putTree(tree) };
}

/** Addresses of the providers that modules require, as a program reads them. Sorted. */
export function providerNames(modules: readonly TerraformModule[], command: string): readonly string[] {
  return [...requirementsOf(modules).keys()].map((name) => qualified(name, command)).sort();
}

/** Version constraints by provider, those of all modules together. */
function requirementsOf(modules: readonly TerraformModule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const required = new Map<string, Set<string>>();
  for (const { requiredProviders } of modules) {
    for (const { source, version } of Object.values(requiredProviders)) {
      if (source.startsWith('terraform.io/builtin/')) continue;
      const versions = required.get(source) ?? new Set();
      if (version !== undefined) versions.add(version);
      required.set(source, versions);
    }
  }
  return required;
}
