import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { AtmosError, errorCode, isMissing, linkLoop, linkOutside } from '../../engine/index.ts';

/** Where configuration is read from: the working tree, or a commit. Paths are relative to the repository's root, with `/`. */
export interface ConfigFiles {
  /** How many directories above the root belong to the Git repository; none where it is not said. */
  readonly above?: number;
  /** `undefined` when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** All files below a directory, recursively, sorted; none when there is no such directory. */
  list(dir: string): Promise<readonly string[]>;
}

/**
 * The files as they are on disk; links are followed within the Git repository. Directories that tools make for themselves are left out of lists.
 * What is read or listed throws AtmosError `link-outside`, `link-loop`.
 */
export function workingTree(root: string): ConfigFiles {
  const inside = withinRepository(root);
  return {
    get above() {
      const prefix = relative(repositoryOf(root), root);
      return prefix === '' ? 0 : prefix.split(sep).length;
    },
    read: async (path) => {
      try {
        inside(path);
        refuseEndless(root, path);
        // Small files: handing each to another thread costs several times what reading it takes.
        return readFileSync(join(root, path));
      } catch (error) {
        if (isMissing(error) || errorCode(error) === 'EISDIR') return undefined;
        throw loopOf(path, error);
      }
    },
    list: async (dir) => {
      try {
        inside(dir);
        return listBelow(root, dir.replace(/\/+$/, '')).sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw loopOf(dir, error);
      }
    },
  };
}

/** Who reads a pipe, or a device, may wait for ever. @throws AtmosError `not-a-file` */
function refuseEndless(root: string, path: string): void {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw new AtmosError(`${path} is not a file`, {
    kind: 'invalid',
    code: 'not-a-file',
    hint: 'pipes, sockets and devices are not read: put a file there',
  });
}

/** Refuses paths in the repository that lead out of it: a commit has nothing of what is there. */
function withinRepository(root: string): (path: string) => void {
  let top: string | undefined;
  return (path) => {
    top ??= realpathSync.native(repositoryOf(root));
    const real = realpathSync.native(join(root, path));
    if (isBelow(top, real) || !isBelow(repositoryOf(root), join(root, path))) return;
    throw linkOutside(path, real);
  };
}

/** The nearest directory that has a `.git`; the root itself where there is none. */
function repositoryOf(root: string): string {
  for (let dir = resolve(root); ; dir = dirname(dir)) {
    if (existsSync(join(dir, '.git'))) return dir;
    if (dir === dirname(dir)) return root;
  }
}

function isBelow(dir: string, path: string): boolean {
  return path === dir || path.startsWith(dir === sep ? sep : dir + sep);
}

function loopOf(path: string, error: unknown): unknown {
  return errorCode(error) === 'ELOOP' ? linkLoop(path, error) : error;
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
      get above() {
        return files.above ?? 0;
      },
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

/** The names that the file of settings may have, the first that is there counts. */
export const SETTINGS = ['atmos.yaml', 'atmos.yml', '.atmos.yaml', '.atmos.yml'] as const;

/**
 * The repository's root: the nearest ancestor that holds `atmos.yaml` or the like, else the nearest that holds `deployments/`.
 * @throws AtmosError `no-repository`
 */
export function findRoot(from: string): string {
  const holds = (dir: string, name: string, isFile: boolean): boolean => {
    try {
      return statSync(join(dir, name)).isFile() === isFile;
    } catch (error) {
      if (!isMissing(error)) throw error;
      return false;
    }
  };
  for (const [names, isFile] of [
    [SETTINGS, true],
    [['deployments'], false],
  ] as const) {
    for (let dir = resolve(from); ; dir = dirname(dir)) {
      if (names.some((name) => holds(dir, name, isFile))) return dir;
      if (dir === dirname(dir)) break;
    }
  }
  throw new AtmosError(`no atmos.yaml or deployments/ found in ${from} or its parent directories`, {
    kind: 'invalid',
    code: 'no-repository',
    hint: 'go to the repository, or name it: --chdir DIR',
  });
}
