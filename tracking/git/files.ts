import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileMode } from '../../engine/index.ts';
import type { Person, Repository } from './repository.ts';

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

/** Writes files as a tree object; four processes, however many files. Returns the tree's id. */
export async function writeTree(repository: Repository, files: ReadonlyMap<string, StoredFile>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'atmos-git-'));
  try {
    const paths: string[] = [];
    await mkdir(join(dir, 'blobs'));
    for (const [index, { content }] of [...files.values()].entries()) {
      const path = join(dir, 'blobs', String(index));
      await writeFile(path, content);
      paths.push(path);
    }
    const ids = (await repository.text(['hash-object', '-w', '--no-filters', '--stdin-paths'], { input: `${paths.join('\n')}\n` })).split(
      '\n',
    );
    const modes = { '644': '100644', '755': '100755', link: '120000' } as const;
    const lines = [...files].map(([path, { mode }], index) => `${modes[mode]} ${ids[index]}\t${path}\0`);
    const env = { GIT_INDEX_FILE: join(dir, `index-${randomBytes(4).toString('hex')}`) };
    await repository.git(['update-index', '-z', '--index-info'], { input: lines.join(''), env });
    return await repository.text(['write-tree'], { env });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Writes a commit object; moves no ref. Returns its id. */
export async function writeCommit(
  repository: Repository,
  tree: string,
  message: string,
  { parent, by = NOBODY }: { readonly parent?: string | undefined; readonly by?: Signature } = {},
): Promise<string> {
  const date = `@${by.at} +0000`;
  const env = {
    GIT_AUTHOR_NAME: by.name,
    GIT_AUTHOR_EMAIL: by.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: by.name,
    GIT_COMMITTER_EMAIL: by.email,
    GIT_COMMITTER_DATE: date,
  };
  const parents = parent === undefined ? [] : ['-p', parent];
  return repository.text(['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', '--no-gpg-sign', tree, ...parents], { input: message, env });
}

/** All files of a commit, or `undefined` when there is no such revision. */
export async function readFiles(repository: Repository, revision: string): Promise<ReadonlyMap<string, StoredFile> | undefined> {
  const { code, stdout } = await repository.git(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], { answers: [0, 1] });
  if (code !== 0) return undefined;
  const entries = await repository.entries(stdout.toString('utf8').trim(), '');
  const contents = await Promise.all(entries.map((entry) => entry.read()));
  return new Map(entries.map(({ path, mode }, index) => [path, { mode, content: contents[index] ?? new Uint8Array() }]));
}
