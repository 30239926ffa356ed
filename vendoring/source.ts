import { AtmosError, type FileMode, makeTree, type Store, type Tree, type TreeEntry } from '../engine/index.ts';

/** A file of a repository, as Git lists it. */
export interface SourceFile {
  /** Relative to the directory that was asked for. */
  readonly path: string;
  readonly mode: FileMode;
  /** Where it is in the Git repository, where a link led to it. */
  readonly real?: string;
  /** Of a link that leads out of the Git repository: its own path there. */
  readonly outside?: string;
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
      refuseFiltered(path, content);
      entries.set(path, { path, mode: file.mode, digest: await store.put(content), size: content.length });
    }
  }
  return makeTree([...entries.values()]);
}

/** What Git has of files whose content only a filter can give: how it begins, and whose it is. */
const FILTERED = [
  { begins: Buffer.from('version https://git-lfs.github.com/spec/v1\n'), filter: 'Git LFS', what: 'a pointer' },
  { begins: Buffer.from('\0GITCRYPT\0'), filter: 'git-crypt', what: 'encrypted' },
] as const;

/** @throws AtmosError `filtered-file` */
function refuseFiltered(path: string, content: Uint8Array): void {
  const found = FILTERED.find(({ begins }) => content.length >= begins.length && begins.equals(content.subarray(0, begins.length)));
  if (found === undefined) return;
  throw new AtmosError(`${path} is ${found.what} of ${found.filter}: its content is not in the commit that a release is made from`, {
    kind: 'invalid',
    code: 'filtered-file',
    hint: 'Git filters are not supported: commit the file without the filter, or fetch it at run time',
  });
}
