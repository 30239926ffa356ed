import type { Readable } from 'node:stream';
import type { Digest } from '../content/digest.ts';
import type { Tree } from '../content/tree.ts';
import { TREE_TIME } from './index.ts';

/** Reads a file's content by digest, whole or bit by bit; whoever gives it sees to it that it is there. */
export type ReadContent = (digest: Digest, size: number) => Promise<Uint8Array | AsyncIterable<Uint8Array>>;

/** Owner, prefix and root entry of the files in an archive. */
export interface TarOptions {
  /** Directory that all paths are put under; `''` for none. */
  readonly at?: string;
  readonly uid?: number;
  /** A directory that everybody may write to, as `/tmp` is (mode 1777). */
  readonly shared?: string;
}

/**
 * A tree as a tar stream with one byte form: entries sorted, directories before what is in them, one fixed time, no names of owners.
 * Nothing of the machine enters it.
 */
export function packTree(tree: Tree, read: ReadContent, options: TarOptions = {}): Readable {
  return readable(chunks(tree, read, options));
}

async function* chunks(tree: Tree, read: ReadContent, { at = '', uid = 0, shared }: TarOptions): AsyncGenerator<Uint8Array> {
  // Loaded only when there is something to pack.
  const { pack } = await import('./pack.ts');
  const archive = pack();
  const mtime = new Date(TREE_TIME * 1000);
  const owner = { uid, gid: uid, uname: '', gname: '', mtime };
  const entry = (header: Parameters<typeof archive.entry>[0], content?: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (content === undefined) archive.entry(header, done);
      else if (content instanceof Uint8Array)
        archive.entry(header, Buffer.from(content.buffer, content.byteOffset, content.byteLength), done);
      else readable(content).on('error', reject).pipe(archive.entry(header, done));
    });
  const write = async (): Promise<void> => {
    const made = new Set<string>();
    for (const file of tree.entries) {
      const path = at === '' ? file.path : `${at}/${file.path}`;
      const parts = path.split('/').slice(0, file.mode === 'directory' ? undefined : -1);
      for (let depth = 1; depth <= parts.length; depth += 1) {
        const dir = `${parts.slice(0, depth).join('/')}/`;
        if (made.has(dir)) continue;
        made.add(dir);
        await entry({ ...owner, name: dir, type: 'directory', mode: dir === `${shared}/` ? 0o1777 : 0o755 });
      }
      if (file.mode === 'directory') continue;
      const content = await read(file.digest, file.size);
      if (file.mode === 'link') {
        await entry({ ...owner, name: path, type: 'symlink', linkname: Buffer.from(await wholeOf(content)).toString('utf8'), mode: 0o777 });
      } else {
        await entry({ ...owner, name: path, type: 'file', size: file.size, mode: file.mode === '755' ? 0o755 : 0o644 }, content);
      }
    }
    archive.finalize();
  };
  write().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  for await (const chunk of archive) yield chunk as Uint8Array;
}

async function wholeOf(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

/** The whole archive in memory, for layers of generated files and sources. */
export async function packTreeBytes(tree: Tree, read: ReadContent, options: TarOptions = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks(tree, read, options)) parts.push(part);
  return Buffer.concat(parts);
}

/** Streams are loaded when the first archive is made: a start has none. */
function readable(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array): Readable {
  return process.getBuiltinModule('node:stream').Readable.from(content, { objectMode: false });
}
