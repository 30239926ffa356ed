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

/** A path below another one. */
export function within(base: string, path: string): string {
  return base === '' ? clean(path) : `${base}/${clean(path)}`;
}
