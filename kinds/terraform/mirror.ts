import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, type Digest, isMissing, jsonDigest, overlay, type Store } from '../../engine/index.ts';
import { registryOf } from './command.ts';

/** Where a provider was found: a directory of an unpacked filesystem mirror, with what is in it. */
interface MirroredProvider {
  readonly provider: string;
  readonly address: string;
  readonly dir: string;
  readonly listing: readonly string[];
}

/**
 * The implied local mirrors of Terraform and OpenTofu (CLI configuration, "Implied Local Mirror Directories"): providers that are there come from there and
 * not from their registry.
 */
export function impliedMirrors(home: string | undefined): readonly string[] {
  const own = home === undefined ? [] : [join(home, '.terraform.d/plugins'), ...bothBelow(join(home, '.local/share'))];
  return [...own, ...bothBelow('/usr/local/share'), ...bothBelow('/usr/share')];
}

function bothBelow(dir: string): readonly string[] {
  return ['terraform', 'opentofu'].map((program) => join(dir, program, 'plugins'));
}

/**
 * The providers as they lie in the first of some mirrors that has each, or `undefined` when one is in none of them. What was found is described by
 * names, sizes and times, so that a change is noticed.
 */
export async function findProviders(
  mirrors: readonly string[],
  providers: readonly string[],
): Promise<readonly MirroredProvider[] | undefined> {
  const found: MirroredProvider[] = [];
  for (const provider of providers) {
    const address = qualified(provider);
    const candidates = await Promise.all(
      mirrors.map(async (mirror) => ({ dir: join(mirror, address), listing: await describe(join(mirror, address)) })),
    );
    const first = candidates.find(({ listing }) => listing !== undefined);
    if (first?.listing === undefined) return undefined;
    found.push({ provider, address, dir: first.dir, listing: first.listing });
  }
  return found;
}

/** These providers as one tree in the form of a filesystem mirror. They are large: what was taken in once is known again by its description. */
export async function mirrorTree(providers: readonly MirroredProvider[], store: Store): Promise<Digest> {
  const layers = [];
  for (const provider of providers) layers.push({ at: provider.address, tree: await store.tree(await providerTree(provider, store)) });
  return store.putTree(overlay(layers));
}

/** The digest of all that decides what these providers are. */
export function describeProviders(providers: readonly MirroredProvider[]): Digest {
  return jsonDigest(providers.map(({ address, dir, listing }) => ({ address, dir, listing })));
}

/** @throws AtmosError `provider-not-mirrored` */
export function notMirrored(mirror: string, providers: readonly string[]): AtmosError {
  return new AtmosError(`not all of ${providers.join(', ')} are in the mirror ${mirror}`, {
    kind: 'environment',
    code: 'provider-not-mirrored',
    hint: 'add what is missing (terraform providers mirror DIR), or remove deployments.providers.mirror from atmos.yaml so that they come from their registries',
  });
}

/** The whole address of a provider as a program reads it: `hashicorp/time` → `registry.terraform.io/hashicorp/time`. */
export function qualified(provider: string, command = 'terraform'): string {
  return provider.split('/').length === 2 ? `${registryOf(command)}/${provider}` : provider;
}

async function providerTree({ dir, listing }: MirroredProvider, store: Store): Promise<Digest> {
  const key = jsonDigest({ mirror: dir, listing });
  const known = await store.result(key);
  if (known?.outputs.tree !== undefined) return known.outputs.tree;
  const tree = await store.ingest(dir);
  await store.remember(key, { exitCode: 0, outputs: { tree } });
  return tree;
}

/** What is in a directory; `undefined` when there is none. */
async function describe(dir: string): Promise<readonly string[] | undefined> {
  try {
    const names = await readdir(dir, { recursive: true });
    return await Promise.all(
      names.sort().map(async (name) => {
        const { size, mtimeMs, ino } = await stat(join(dir, name));
        return `${name} ${size} ${mtimeMs} ${ino}`;
      }),
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
