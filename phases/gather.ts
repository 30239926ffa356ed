import { relative } from 'node:path/posix';
import type { Scope } from '../config/index.ts';
import { AtmosError, allSettled, type Digest, type Store, type Tree } from '../engine/index.ts';
import type { Release } from '../releases/index.ts';
import { imageFields } from './image-fields.ts';
import { type ExpansionInputs, hasRego, OPA, type PinnedReference, type TakenOver } from './inputs.ts';
import { type Kinds, kindOf } from './kind.ts';
import { gatherPolicies } from './policies.ts';
import type { Sources } from './sources.ts';

/** Reads all that the expansion of a scope needs: source trees, policies, pinned images. */
export async function gatherInputs(kinds: Kinds, scope: Scope, from: Sources): Promise<ExpansionInputs> {
  const components = Object.values(scope.components);
  const images = pinnedImages(kinds, scope, from);
  const bases: Record<string, Digest> = {};
  const directories = new Set<string>();
  const recorded: Sources = {
    ...from,
    async entries(dir) {
      directories.add(dir);
      const files = await from.entries(dir);
      // What links lead to is part of it, too.
      for (const { real } of files) if (real !== undefined) directories.add(relative(from.prefix, real));
      return files;
    },
  };
  const found = await allSettled(
    components,
    async (component) => [component.address, await kindOf(kinds, component).gather(component, recorded)] as const,
  );
  const policies = await allSettled(
    components,
    async (component) => [component.address, await gatherPolicies(component, recorded)] as const,
  );
  for (const component of components) {
    const name = kindOf(kinds, component).base?.(component);
    const image = name === undefined ? undefined : images[name];
    if (name !== undefined && image !== undefined) bases[name] ??= await from.image(image.digest);
  }
  return {
    directories: [...directories].sort(),
    sources: Object.fromEntries(found),
    policies: Object.fromEntries(policies.filter(([, own]) => own.length > 0)),
    images,
    bases,
  };
}

/** The names of the images that the nodes of a scope run in. */
export function imageNames(kinds: Kinds, scope: Scope, readers: (command: string) => string): readonly string[] {
  const names = new Set<string>();
  for (const component of Object.values(scope.components))
    for (const name of kinds[component.kind]?.images(component) ?? []) names.add(name);
  for (const { command } of Object.values(scope.reads ?? {})) names.add(readers(command));
  if (hasRego(scope)) names.add(OPA);
  for (const node of Object.values(scope.phases).flat()) {
    if (node?.image !== undefined) names.add(node.image);
  }
  return [...names].sort();
}

function pinnedImages(kinds: Kinds, scope: Scope, { lock, references, readers }: Sources): ExpansionInputs['images'] {
  const images: Record<string, PinnedReference> = {};
  for (const name of imageNames(kinds, scope, readers)) {
    const reference = references[name] ?? name;
    const pin = lock.images[name];
    if (pin === undefined || pin.reference !== reference) {
      throw new AtmosError(
        pin === undefined
          ? `image "${name}" (${reference}) is not pinned`
          : `image "${name}" is pinned as ${pin.reference}, but atmos.yaml says ${reference}`,
        {
          kind: 'invalid',
          code: 'image-not-pinned',
          hint: `pin it: atmos-deployment images ${reference === name && !/[/:@]/.test(name) ? 'build' : 'pull'} ${scope.deployment}   then commit deployments/${scope.deployment}.lock.yaml`,
        },
      );
    }
    images[name] = pin;
  }
  return images;
}

/** What a promotion takes over from the release that the source target runs. */
export async function takeOver(kinds: Kinds, release: Release, store: Store): Promise<Readonly<Record<string, TakenOver>>> {
  const taken = await allSettled(Object.entries(release.layers), async ([address, layer]): Promise<[string, TakenOver]> => {
    const tree: Tree = await store.tree(layer);
    const kind = kinds[release.config.components[address]?.kind ?? ''];
    return [address, { layer, parts: await kind?.takeOver?.(tree, store), image: await imageFields(tree, store) }];
  });
  return Object.fromEntries(taken);
}
