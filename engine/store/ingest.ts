import { chmodSync, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { AtmosError, errorCode } from '../base/errors.ts';
import { makeTree, type Tree, type TreeEntry } from '../content/tree.ts';
import type { Contents } from './contents.ts';

/** How many files and bytes (holes counted) a directory may have. */
const MOST = { files: 1_000_000, bytes: 64 * 1024 ** 3 } as const;

/**
 * Takes a directory in as a tree, without the empty ones in it. An executable bit of the owner makes `755`, anything else `644`; hard links are files of
 * their own; sockets, which are nothing without who listens, are left out.
 * @throws AtmosError `special-file` on a pipe or device, `file-name` on what can't be a path in a tree, `too-much`
 */
export async function ingest(dir: string, contents: Contents): Promise<Tree> {
  const entries: TreeEntry[] = [];
  let bytes = 0;
  const add = (entry: TreeEntry): void => {
    entries.push(entry);
    bytes += entry.size;
    if (entries.length > MOST.files || bytes > MOST.bytes) throw tooMuch(entries.length, bytes);
  };
  const walk = async (below: string): Promise<void> => {
    for (const name of namesIn(join(dir, below)).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      // What is no UTF-8 is decoded to this.
      if (name.includes('\ufffd')) throw badName(path, 'its name is not UTF-8');
      const full = join(dir, path);
      const status = statusOf(full, path);
      if (status.isDirectory()) await walk(path);
      else if (status.isSymbolicLink()) {
        const to = readlinkSync(full);
        if (to.includes('\ufffd')) throw badName(path, 'its link target is not UTF-8');
        add({ path, mode: 'link', digest: await contents.put(to), size: Buffer.byteLength(to) });
      } else if (status.isFile()) {
        if (bytes + status.size > MOST.bytes) throw tooMuch(entries.length, bytes + status.size);
        if ((status.mode & 0o400) === 0) chmodSync(full, status.mode | 0o400);
        const digest = await contents.putFile(full, status.size);
        add({ path, mode: (status.mode & 0o100) !== 0 ? '755' : '644', digest, size: status.size });
      } else if (!status.isSocket()) {
        throw specialFile(path);
      }
    }
  };
  await walk('');
  return makeTree(entries);
}

/** The names in a directory, also in one that its owner may not look into. */
function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
    chmodSync(dir, 0o700);
    return readdirSync(dir);
  }
}

function statusOf(full: string, path: string): Stats {
  try {
    return lstatSync(full);
  } catch (error) {
    if (errorCode(error) === 'ENAMETOOLONG') throw badName(`${path.slice(0, 60)}…`, 'its path is too long');
    throw error;
  }
}

export function specialFile(path: string): AtmosError {
  return new AtmosError(`${path} is neither a file, a directory nor a link`, { kind: 'failed', code: 'special-file' });
}

export function badName(path: string, why: string): AtmosError {
  return new AtmosError(`${path} can't be kept: ${why}`, { kind: 'failed', code: 'file-name' });
}

function tooMuch(files: number, bytes: number): AtmosError {
  return new AtmosError(`output too large: ${files} files, ${bytes} bytes (limit: ${MOST.files} files, ${MOST.bytes} bytes)`, {
    kind: 'failed',
    code: 'too-much',
    hint: 'declare only the files that are needed',
  });
}
