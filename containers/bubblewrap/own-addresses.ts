import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** Files above that many bytes are no settings. */
const LARGEST = 1024 * 1024;

/** This machine's addresses in the networks that it is part of (IPv4), each with the names that are known here. */
export function ownAddresses(): ReadonlyMap<string, readonly string[]> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  const known = namesIn(textOf('/etc/hosts'));
  return new Map(own.map((address) => [address, [hostname(), ...(known.get(address) ?? [])]]));
}

/** By address the names that hosts(5) gives it. */
export function namesIn(hosts: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const line of hosts.split('\n')) {
    const [address = '', ...given] = line.replace(/#.*/, '').trim().split(/\s+/);
    names.set(address, [...(names.get(address) ?? []), ...given]);
  }
  return names;
}

/** Those of a machine's addresses that none of some texts names, neither by itself nor, where a host is meant, by a name. */
export function unnamed(own: ReadonlyMap<string, readonly string[]>, texts: readonly string[]): readonly string[] {
  const has = (pattern: string): boolean => texts.some((text) => new RegExp(pattern, 'im').test(text));
  const literal = (word: string): string => word.replace(/[^\w-]/g, '\\$&');
  const isNamed = ([address, names]: readonly [string, readonly string[]]): boolean =>
    has(`(?<![\\w.-])${literal(address)}(?![\\w-]|\\.\\w)`) ||
    // A name may be any word: it counts in an address, and where it is all there is.
    names.some((name) => has(`(?://|@|\\bhost=)${literal(name)}(?![\\w.-])|^${literal(name)}(?::\\d+)?$`));
  return [...own].filter((one) => !isNamed(one)).map(([address]) => address);
}

/** The texts of a directory's own files: what is below it is others'. */
export function textsOfFiles(dir: string): readonly string[] {
  try {
    const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map(({ name }) => join(dir, name));
    return paths.filter((path) => statSync(path).size <= LARGEST).map(textOf);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
