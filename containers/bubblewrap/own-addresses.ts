import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Files above that many bytes are no settings. */
const LARGEST = 1024 * 1024;

/** The addresses that this machine answers on (IPv4), but for its loopback, each with the names that are known here. */
export function ownAddresses(): ReadonlyMap<string, readonly string[]> {
  const known = namesIn(textOf('/etc/hosts'));
  return new Map(localAddresses(textOf('/proc/net/fib_trie')).map((address) => [address, [hostname(), ...(known.get(address) ?? [])]]));
}

/** The local addresses in a table of routes, `/proc/net/fib_trie`: also those of interfaces that are down, which a machine answers on all the same. */
export function localAddresses(trie: string): readonly string[] {
  const found = [...trie.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(([, address = '']) => address);
  return [...new Set(found)].filter((address) => !address.startsWith('127.')).sort();
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
