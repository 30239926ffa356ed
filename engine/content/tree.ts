import { AtmosError } from '../base/errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { canonicalJson, isObject } from './json.ts';

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

/** @throws AtmosError `bad-tree` on a path that is absolute, leaves the tree, is a duplicate, or lies below a file or link. */
export function makeTree(entries: readonly TreeEntry[]): Tree {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const files = new Set<string>();
  let known = '';
  sorted.forEach((entry, index) => {
    const { path, mode } = entry;
    if (!isTreePath(path)) throw badTree(`${JSON.stringify(path)} is not a path in it`);
    if (sorted[index + 1]?.path === path) throw badTree(`${path} is in it twice`);
    if (mode !== 'directory') files.add(path);
    const dir = parentOf(path);
    // Whatever is a file comes before what would lie below it.
    for (let above = dir; above !== '' && dir !== known; above = parentOf(above)) {
      if (files.has(above)) throw badTree(`${above} is a file or link, and ${path} would lie below it`);
    }
    known = dir;
  });
  return { entries: sorted };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function badTree(what: string): AtmosError {
  return new AtmosError(`invalid file tree: ${what}`, { kind: 'failed', code: 'bad-tree' });
}

export function isTreePath(path: string): boolean {
  return path !== '' && !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Whether a path has a part that Git keeps for itself, in whatever case: nothing of a repository is called so. */
export function hasGitPart(path: string): boolean {
  return path.split('/').some((part) => part.toLowerCase() === '.git');
}

/** Reads the bytes of a tree. @throws AtmosError `bad-tree` */
export function parseTree(text: string): Tree {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badTree('it is not JSON');
  }
  const entries = isObject(value) ? value.entries : undefined;
  if (!Array.isArray(entries) || !entries.every(isEntry)) throw badTree('its entries have another form');
  return makeTree(entries);
}

const ENTRY_MODES: ReadonlySet<unknown> = new Set<EntryMode>(['644', '755', 'link', 'directory']);

function isEntry(value: unknown): value is TreeEntry {
  return (
    isObject(value) &&
    typeof value.path === 'string' &&
    ENTRY_MODES.has(value.mode) &&
    isDigest(value.digest) &&
    Number.isSafeInteger(value.size) &&
    (value.size as number) >= 0
  );
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
