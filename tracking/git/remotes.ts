import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The names of a repository's remotes, as its configuration and the user's say; `undefined` where only Git itself can tell: other files are included,
 * or the environment has its say. Starting Git to ask costs more than all else of asking what runs.
 */
export function configuredRemotes(gitDir: string, env = process.env): readonly string[] | undefined {
  if (Object.keys(env).some((name) => name.startsWith('GIT_CONFIG'))) return undefined;
  const home = env.HOME ?? '';
  const files = [
    join(gitDir, 'config'),
    join(home, '.gitconfig'),
    join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'git/config'),
    '/etc/gitconfig',
  ];
  const all = files.map(textOf).join('\n');
  if (/^\s*\[include/im.test(all)) return undefined;
  const names = [...all.matchAll(/^\s*\[remote\s+"((?:[^"\\]|\\.)+)"\]/gim)].map(([, name = '']) => name.replaceAll(/\\(.)/g, '$1'));
  return [...new Set(names)];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
