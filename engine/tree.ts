import type { Digest } from './digest.ts';
import { canonicalJson } from './json.ts';

/** `644` a plain file, `755` an executable one, `link` a symbolic link whose content is its target. */
export type FileMode = '644' | '755' | 'link';
/** Directories are implied; but where an empty one counts, as in root file systems, it is an entry too, without content. */
export type EntryMode = FileMode | 'directory';

export interface TreeEntry {
  /** Relative, `/` between parts, no `.`, `..` or empty part. */
  readonly path: string;
  readonly mode: EntryMode;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** A file tree by content: entries sorted by path. Its own digest names it. Times and owners are not part of it. */
export interface Tree {
  readonly entries: readonly TreeEntry[];
}

/** @throws TypeError on a path that is absolute, leaves the tree, or stands twice. */
export function makeTree(entries: readonly TreeEntry[]): Tree {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  sorted.forEach((entry, index) => {
    if (!isTreePath(entry.path)) throw new TypeError(`not a path of a tree: ${JSON.stringify(entry.path)}`);
    const next = sorted[index + 1];
    if (next?.path === entry.path) throw new TypeError(`twice in a tree: ${entry.path}`);
  });
  return { entries: sorted };
}

export function isTreePath(path: string): boolean {
  return path !== '' && !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The bytes that a tree is stored as; their digest names the tree. */
export function treeBytes(tree: Tree): string {
  return canonicalJson({ entries: tree.entries, version: 1 });
}

/** The entries below `dir`, their paths relative to it. */
export function subtree(tree: Tree, dir: string): Tree {
  if (dir === '') return tree;
  const prefix = `${dir}/`;
  return {
    entries: tree.entries.filter((e) => e.path.startsWith(prefix)).map((e) => ({ ...e, path: e.path.slice(prefix.length) })),
  };
}

/** Lays trees over one another at paths; a later one replaces files of an earlier one. */
export function overlay(layers: readonly { readonly at: string; readonly tree: Tree }[]): Tree {
  const byPath = new Map<string, TreeEntry>();
  for (const { at, tree } of layers) {
    for (const entry of tree.entries) {
      const path = at === '' ? entry.path : `${at}/${entry.path}`;
      byPath.set(path, { ...entry, path });
    }
  }
  return makeTree([...byPath.values()]);
}
