import { dirname, join } from 'node:path/posix';

/** URLs and go-getter's sources, as far as Atmos takes them for those: `https://…`, `git::…`, `github.com/…`, `host/repository//path`. */
const REMOTE = /^(?!\.{0,2}\/).*(?:::|\/\/)|^[\w.-]+@[\w.-]+:|^(?:[\w-]+\.)*(?:github\.com|gitlab\.com|bitbucket\.org)\//;

/** Whether an import names a file of elsewhere. */
export function isRemote(path: string): boolean {
  return REMOTE.test(path);
}

/** A path below the repository as files are asked for: no `./` before it, no `/` after it; the root is the empty text. */
export function clean(path: string): string {
  return path
    .replace(/^(\.\/+)+/, '')
    .replace(/^\.$/, '')
    .replace(/\/+$/, '');
}

/** Whether a path, as `join` gives it, leads out of the Git repository, which has so many directories above the root. */
export function leavesRepository(path: string, above = 0): boolean {
  const parts = path.split('/');
  return (
    path.startsWith('/') ||
    parts.findIndex((part) => part !== '..') > above ||
    (parts.every((part) => part === '..') && parts.length > above)
  );
}

/** Where the Git repository's root lies, from the root on: `..` for each directory above. */
export function repositoryOf({ above = 0 }: { readonly above?: number }): string {
  return Array(above).fill('..').join('/');
}

/** What paths of a file of settings are relative to, as its `base_path` says: with dots in front, from the file on; else from the root on. */
export function baseOf(said: string, file: string): string {
  return /^\.{1,2}(\/|$)/.test(said) ? clean(join(dirname(file), said)) : clean(said);
}

/** A path below another one. */
export function within(base: string, path: string): string {
  return base === '' ? clean(path) : `${base}/${clean(path)}`;
}
