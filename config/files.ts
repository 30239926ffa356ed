import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AtmosError, errorCode, isMissing } from '../engine/index.ts';

/** Where configuration is read from: the working tree, or a commit. Paths are relative to the repository's root, with `/`. */
export interface ConfigFiles {
  /** `undefined` when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** All files below a directory, recursively, sorted; none when there is no such directory. */
  list(dir: string): Promise<readonly string[]>;
}

/** The files as they are on disk. Directories that tools make for themselves are left out of lists. */
export function workingTree(root: string): ConfigFiles {
  return {
    read: async (path) => {
      try {
        // Small files: handing each to another thread costs several times what reading it takes.
        return readFileSync(join(root, path));
      } catch (error) {
        if (isMissing(error) || errorCode(error) === 'EISDIR') return undefined;
        throw error;
      }
    },
    list: async (dir) => listBelow(root, dir.replace(/\/+$/, '')).sort(),
  };
}

const NOT_LISTED: ReadonlySet<string> = new Set(['.git', '.terraform', '.atmos', 'node_modules']);

function listBelow(root: string, dir: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, dir), { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return NOT_LISTED.has(entry.name) ? [] : listBelow(root, path);
  });
}

/** Only what was opened counts as part of a scope: hands on and remembers. */
export function recordingFiles(files: ConfigFiles): { readonly files: ConfigFiles; opened(): readonly string[] } {
  const opened = new Set<string>();
  return {
    files: {
      read: async (path) => {
        const content = await files.read(path);
        if (content !== undefined) opened.add(path);
        return content;
      },
      list: (dir) => files.list(dir),
    },
    opened: () => [...opened].sort(),
  };
}

/**
 * The repository's root: the nearest ancestor that holds `atmos.yaml`, else the nearest that holds `deployments/`.
 * @throws AtmosError `no-repository`
 */
export function findRoot(from: string): string {
  for (const [name, isFile] of [
    ['atmos.yaml', true],
    ['deployments', false],
  ] as const) {
    for (let dir = resolve(from); ; dir = dirname(dir)) {
      try {
        if (statSync(join(dir, name)).isFile() === isFile) return dir;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      if (dir === dirname(dir)) break;
    }
  }
  throw new AtmosError(`neither atmos.yaml nor deployments/ is in ${from} or above it`, {
    kind: 'invalid',
    code: 'no-repository',
    hint: 'go to the repository, or name it: --chdir DIR',
  });
}
