import type { JsonObject } from '../../engine/index.ts';
import { type Located, type LocatedMap, mapOf, member, plain } from '../../yaml/index.ts';

/** `labels` of a deployment or target, as texts. */
export function labelsOf(section: Located | undefined): Readonly<Record<string, string>> {
  const labels = (plain(member(section, 'labels')) ?? {}) as JsonObject;
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

/** The component sections of a deployment or target: by address, in the order of the file; a kind that there is not is refused before. */
export function componentSections(
  section: Located | undefined,
): ReadonlyMap<
  string,
  { readonly kind: string; readonly name: string; readonly section: LocatedMap | undefined; readonly at: Located['at'] }
> {
  const found = new Map<string, { kind: string; name: string; section: LocatedMap | undefined; at: Located['at'] }>();
  for (const [kind, { value: all }] of mapOf(member(section, 'components'), '"components"')?.entries ?? []) {
    const components = mapOf(all, `"${kind}"`);
    for (const [name, { value, keyAt }] of components?.entries ?? []) {
      found.set(`${kind}/${name}`, { kind, name, section: mapOf(value, `component "${name}"`), at: keyAt });
    }
  }
  return found;
}

/** The addresses of the components that a deployment file declares, sorted. */
export function declaredComponents({ root }: { readonly root: LocatedMap }): readonly string[] {
  return [...componentSections(root).keys()].sort();
}

/** `terraform/network`, or a name of the same kind. */
export function dependencyAddress(text: string, kind: string, known: { has(address: string): boolean }): string {
  return known.has(text) ? text : `${kind}/${text}`;
}
