import { flatName } from '../engine/index.ts';

/** Where a component's layer lies among a release's files. */
export function layerPath(address: string): string {
  const [kind = '', ...name] = address.split('/');
  return `components/${kind}/${flatName(name.join('/'))}`;
}

/**
 * The component whose layer a file of a release is part of, and its path in the layer. Releases of earlier versions have slashes in their names as
 * directories: then the longest name counts, since one may lie within another.
 */
export function layerOwner(path: string, addresses: readonly string[]): { readonly address: string; readonly path: string } | undefined {
  const found = addresses
    .flatMap((address) => [layerPath(address), `components/${address}`].map((at) => ({ address, at: `${at}/` })))
    .filter(({ at }) => path.startsWith(at))
    .sort((a, b) => b.at.length - a.at.length)[0];
  return found === undefined ? undefined : { address: found.address, path: path.slice(found.at.length) };
}
