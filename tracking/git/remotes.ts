import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainConfig } from './plain-config.ts';

/**
 * The names of a repository's remotes, as its configuration and the user's say; `undefined` where only Git itself can tell: other files are included,
 * or the environment has its say. Starting Git to ask costs more than all else of asking what runs.
 */
export function configuredRemotes(gitDir: string, env = process.env): readonly string[] | undefined {
  if (Object.keys(env).some((name) => name.startsWith('GIT_CONFIG'))) return undefined;
  const home = env.HOME;
  // Without a home Git has its own ways.
  if (home === undefined || home === '') return undefined;
  const files = [
    join(gitDir, 'config'),
    join(home, '.gitconfig'),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'git/config'),
    '/etc/gitconfig',
  ];
  const names = new Map<string, boolean>();
  for (const file of files) {
    const config = plainConfig(textOf(file));
    if (config === undefined || config.get('extensions.worktreeconfig') !== undefined) return undefined;
    for (const [key, value] of config) {
      const [, name, last] = /^remote\.(.+)\.([^.]+)$/.exec(key) ?? [];
      if (name !== undefined) names.set(name, names.get(name) === true || (last === 'url' && /^[^"\\]+$/.test(value)));
    }
  }
  // What has settings and no address may or may not be one.
  return [...names.values()].every(Boolean) ? [...names.keys()] : undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
