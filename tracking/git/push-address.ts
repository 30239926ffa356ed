import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Repository } from './types.ts';

/** Where a remote is read from, and where it is written to. */
export interface Addresses {
  readonly read: readonly string[];
  readonly written: readonly string[];
}

/** The addresses of a remote as Git takes them; paths are absolute. What is no remote's name is an address itself. */
export async function addressesOf({ git, root }: Pick<Repository, 'git' | 'root'>, remote: string): Promise<Addresses> {
  const ask = async (...flags: readonly string[]): Promise<readonly string[]> => {
    const { code, stdout } = await git(['remote', 'get-url', ...flags, '--all', remote], { answers: [0, 2, 128] });
    const said = stdout.toString('utf8').replace(/\n$/, '');
    // A path may have line feeds in it.
    const lines = code !== 0 ? [remote] : existsSync(resolve(root, said)) ? [said] : said.split('\n');
    return lines.map((line) => (existsSync(resolve(root, line)) ? resolve(root, line) : line));
  };
  const [read, written] = await Promise.all([ask(), ask('--push')]);
  return { read, written };
}

/** An address that is written to and is not the one that is read, as far as addresses tell; `undefined` where there is none. */
export function elsewhere({ read, written }: Addresses): string | undefined {
  const place = placeOf(read[0] ?? '');
  return written.find((address) => placeOf(address) !== place);
}

/** Host and path, whichever protocol leads there: `ssh://git@host:22/a/b.git`, `git@host:a/b` and `https://host/a/b/` are one place. */
function placeOf(address: string): string {
  const [, authority, path] =
    /^[a-z][a-z+.-]*:\/\/(?:[^@/]*@)?([^/:]*)(?::\d+)?(\/.*)?$/i.exec(address) ?? /^(?:[^@/]*@)?([^:/]+):(.*)$/.exec(address) ?? [];
  const host = (authority ?? '').toLowerCase();
  return `${host} ${(authority === undefined ? address : (path ?? ''))
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')}`;
}
