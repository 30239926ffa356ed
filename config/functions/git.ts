import type { Host } from '../evaluation/context.ts';

/** The parts of a repository's address. */
interface RepositoryAddress {
  readonly host: string;
  readonly owner: string;
  readonly name: string;
}

/** `!git.<name>` by name: what each gives, and `''` where there is no such thing. @throws Error outside of a repository */
export const GIT_FUNCTIONS: Readonly<Record<string, (host: Host) => string>> = {
  '!repo-root': (host) => host.repository(),
  '!git.root': (host) => host.repository(),
  '!git.sha': (host) => host.commit(),
  '!git.ref': (host) => host.commit(),
  '!git.branch': (host) => host.branch(),
  '!git.url': (host) => withoutPassword(host.remote() ?? ''),
  '!git.host': (host) => addressOf(host)?.host ?? '',
  '!git.owner': (host) => addressOf(host)?.owner ?? '',
  '!git.name': (host) => addressOf(host)?.name ?? '',
  '!git.repository': (host) => {
    const address = addressOf(host);
    return address === undefined ? '' : `${address.owner}/${address.name}`;
  },
};

/** What a function gives, or what is written behind it where it gives nothing. @throws Error */
export function gitFact(tag: string, fallback: string, host: Host): string {
  let found = '';
  try {
    found = GIT_FUNCTIONS[tag]?.(host) ?? '';
  } catch (error) {
    if (fallback === '') throw error;
  }
  if (found === '' && fallback === '')
    throw new Error('cannot be derived from a remote URL of this repository; add a default after the function');
  return found === '' ? fallback : found;
}

/** The parts of a remote's URL or of `user@host:owner/name`; of deeper paths all but the last part is the owner. */
function addressOf(host: Host): RepositoryAddress | undefined {
  const remote = host.remote() ?? '';
  const [, named = '', path = ''] = /^(?:\w[\w+.-]*:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/|(?:[^@/]*@)?([^/:]+):)/.test(remote)
    ? (/^(?:\w[\w+.-]*:\/\/)?(?:[^@/]*@)?([^/:]+)(?::\d+(?=\/))?[/:]+(.+)$/.exec(remote) ?? [])
    : [];
  const parts = path
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/');
  const name = parts.pop() ?? '';
  return named === '' || name === '' || parts.length === 0 ? undefined : { host: named, owner: parts.join('/'), name };
}

/** What a URL says besides who may use it. */
function withoutPassword(url: string): string {
  return url.replace(/^(\w[\w+.-]*:\/\/)[^@/]*:[^@/]*@/, '$1');
}
