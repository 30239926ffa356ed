import { flatName, parseAddress } from '../engine/index.ts';

/** Where a component's layer lies among a release's files. */
export function layerPath(address: string): string {
  const { kind, name } = parseAddress(address);
  return `components/${kind}/${flatName(name)}`;
}

/**
 * The component whose layer a file of a release is part of, and its path in the layer. Releases of earlier versions have slashes in names as
 * directories: then the longest name counts, since one may lie within another. A release has one form or the other.
 */
export function layerOwners(
  paths: readonly string[],
  addresses: readonly string[],
): (path: string) => { readonly address: string; readonly path: string } | undefined {
  const isEarlier = addresses.some((address) => !paths.some((path) => path.startsWith(`${layerPath(address)}/`)));
  const places = addresses.map((address) => ({ address, at: `${isEarlier ? `components/${address}` : layerPath(address)}/` }));
  places.sort((a, b) => b.at.length - a.at.length);
  return (path) => {
    const found = places.find(({ at }) => path.startsWith(at));
    return found === undefined ? undefined : { address: found.address, path: path.slice(found.at.length) };
  };
}
