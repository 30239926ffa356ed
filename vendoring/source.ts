import { type FileMode, makeTree, type Store, type Tree, type TreeEntry } from '../engine/index.ts';

/** A file of a repository, as Git lists it. */
export interface SourceFile {
  /** Relative to the directory that was asked for. */
  readonly path: string;
  readonly mode: FileMode;
  /** Where it is in the Git repository, where a link led to it. */
  readonly real?: string;
  read(): Promise<Uint8Array>;
}

/** Takes the files of some directories into the store as one tree, each directory at its place. */
export async function importSource(
  store: Store,
  directories: readonly { readonly at: string; readonly files: readonly SourceFile[] }[],
): Promise<Tree> {
  const entries = new Map<string, TreeEntry>();
  for (const { at, files } of directories) {
    for (const file of files) {
      const path = at === '' ? file.path : `${at}/${file.path}`;
      if (entries.has(path)) continue;
      const content = await file.read();
      entries.set(path, { path, mode: file.mode, digest: await store.put(content), size: content.length });
    }
  }
  return makeTree([...entries.values()]);
}
