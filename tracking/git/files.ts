import type { FileMode } from '../../engine/index.ts';
import { type ObjectDatabase, writeObject } from './objects.ts';
import type { Person, Repository } from './types.ts';

export interface StoredFile {
  readonly mode: FileMode;
  readonly content: Uint8Array;
}

/** Who a commit is by; the time in seconds since the epoch. */
export interface Signature extends Person {
  readonly at: number;
}

/** Commits whose bytes depend on their content alone. */
const NOBODY: Signature = { name: 'atmos-deployment', email: 'atmos-deployment@localhost', at: 0 };

const MODES = { '644': '100644', '755': '100755', link: '120000' } as const;

/** A directory that is being made: files and directories by name. */
type Directory = Map<string, StoredFile | Directory>;

/** Writes files, by path, as a tree object with all that is in it. Returns the tree's id. */
export async function writeTree({ objects }: Repository, files: ReadonlyMap<string, StoredFile>): Promise<string> {
  const root: Directory = new Map();
  for (const [path, file] of files) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    parts.reduce(descend, root).set(name, file);
  }
  return writeDirectory(objects, root);
}

function descend(directory: Directory, name: string): Directory {
  const known = directory.get(name);
  if (known instanceof Map) return known;
  const made: Directory = new Map();
  directory.set(name, made);
  return made;
}

async function writeDirectory(objects: ObjectDatabase, directory: Directory): Promise<string> {
  const entries = await Promise.all(
    [...directory].map(async ([name, entry]) => {
      if (entry instanceof Map) return { name, mode: '40000', id: await writeDirectory(objects, entry), order: `${name}/` };
      return { name, mode: MODES[entry.mode], id: await writeObject(objects, 'blob', entry.content), order: name };
    }),
  );
  // Git sorts by bytes, a directory as if its name ended with a slash.
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.order), Buffer.from(b.order)));
  const content = entries.flatMap(({ name, mode, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  return writeObject(objects, 'tree', Buffer.concat(content));
}

/** Writes a commit object; moves no ref. Returns its id. */
export async function writeCommit(
  { objects }: Repository,
  tree: string,
  message: string,
  { parent, by = NOBODY }: { readonly parent?: string | undefined; readonly by?: Signature } = {},
): Promise<string> {
  const signature = `${clean(by.name)} <${clean(by.email)}> ${by.at} +0000`;
  const lines = [`tree ${tree}`, ...(parent === undefined ? [] : [`parent ${parent}`]), `author ${signature}`, `committer ${signature}`];
  return writeObject(objects, 'commit', Buffer.from(`${lines.join('\n')}\n\n${message}`));
}

/** What may not stand in a name or an address, as Git itself leaves it out. */
function clean(text: string): string {
  return text.replaceAll(/[<>\n\0]/g, '').trim();
}

/** Writes a blob. Returns its id. */
export function writeBlob({ objects }: Repository, content: Uint8Array): Promise<string> {
  return writeObject(objects, 'blob', content);
}

/** All files of a commit, or `undefined` when there is no such revision. */
export async function readFiles(repository: Repository, revision: string): Promise<ReadonlyMap<string, StoredFile> | undefined> {
  const { code, stdout } = await repository.git(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], { answers: [0, 1] });
  if (code !== 0) return undefined;
  const entries = await repository.stored(stdout.toString('utf8').trim());
  const contents = await Promise.all(entries.map((entry) => entry.read()));
  return new Map(entries.map(({ path, mode }, index) => [path, { mode, content: contents[index] ?? new Uint8Array() }]));
}
