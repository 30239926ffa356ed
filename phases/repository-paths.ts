import { join } from 'node:path/posix';
import { AtmosError } from '../engine/index.ts';
import type { SourceFile } from '../vendoring/index.ts';
import type { Sources } from './sources.ts';

/** A path of a component relative to the Git repository's root. @throws AtmosError `path-escape` */
export function inRepository({ address }: { readonly address: string }, dir: string, { prefix }: Pick<Sources, 'prefix'>): string {
  const path = join(prefix, dir);
  if (path !== '..' && !path.startsWith('../') && !path.startsWith('/')) return path === '.' ? '' : path;
  throw new AtmosError(`${address}: ${dir} is not in the Git repository`, {
    kind: 'invalid',
    code: 'path-escape',
    hint: 'component sources must be in the Git repository',
  });
}

/** A tool would follow a link, and find what happens to be there where it runs. @throws AtmosError `link-outside` */
export function refuseOutside({ address }: { readonly address: string }, files: readonly SourceFile[]): void {
  const found = files.find(({ outside }) => outside !== undefined);
  if (found === undefined) return;
  throw new AtmosError(`${address}: ${found.outside} is a link to what is not in the Git repository`, {
    kind: 'invalid',
    code: 'link-outside',
    hint: 'only links to files in Git are followed: add the files, use a relative link, and check .gitignore',
  });
}
