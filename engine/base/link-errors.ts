import { AtmosError } from './errors.ts';

/** The error of links that lead to one another. */
export function linkLoop(path: string, cause?: unknown): AtmosError {
  return new AtmosError(`${path}: link loop`, { kind: 'invalid', code: 'link-loop', hint: 'remove one of them', cause });
}

/** The error of a link to what no commit has. */
export function linkOutside(path: string, to: string): AtmosError {
  return new AtmosError(`symlink ${path} points outside the Git repository (${to})`, {
    kind: 'invalid',
    code: 'link-outside',
    hint: 'links are followed within the repository: put the files into it',
  });
}
