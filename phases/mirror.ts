import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, type Digest, isMissing, jsonDigest, overlay, type Store } from '../engine/index.ts';

/**
 * The part of an unpacked filesystem mirror (Terraform CLI configuration, `filesystem_mirror`) that holds some providers, as a tree.
 * Providers are large: what was taken in once is known again by its files' sizes and times.
 * @throws AtmosError `provider-not-mirrored` when one is missing.
 */
export async function mirrorTree(mirror: string, providers: readonly string[], store: Store): Promise<Digest> {
  const layers = [];
  for (const provider of providers) {
    const address = qualified(provider);
    layers.push({ at: address, tree: await store.tree(await providerTree(join(mirror, address), provider, store)) });
  }
  return store.putTree(overlay(layers));
}

/** `hashicorp/time` → `registry.terraform.io/hashicorp/time`. */
function qualified(provider: string): string {
  return provider.split('/').length === 2 ? `registry.terraform.io/${provider}` : provider;
}

async function providerTree(dir: string, provider: string, store: Store): Promise<Digest> {
  const listing = await describe(dir, provider);
  const key = jsonDigest({ mirror: dir, listing });
  const known = await store.result(key);
  if (known?.outputs.tree !== undefined) return known.outputs.tree;
  const tree = await store.takeIn(dir);
  await store.remember(key, { exitCode: 0, outputs: { tree } });
  return tree;
}

async function describe(dir: string, provider: string): Promise<readonly string[]> {
  try {
    const names = await readdir(dir, { recursive: true });
    return await Promise.all(
      names.sort().map(async (name) => {
        const { size, mtimeMs, ino } = await stat(join(dir, name));
        return `${name} ${size} ${mtimeMs} ${ino}`;
      }),
    );
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new AtmosError(`provider ${provider} is not in the mirror ${dir}`, {
      kind: 'environment',
      code: 'provider-not-mirrored',
      hint: 'add it (terraform providers mirror DIR), or remove deployments.providers.mirror from atmos.yaml so that it comes from its registry',
      cause,
    });
  }
}
