import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { BIN, type Shop, temporary } from './shop.ts';

/** Nobody in particular, where we may become another user. */
const OTHER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Runs the program as another user would on this machine: from an installation and a home of their own, in a clone that is theirs. */
export function asAnother(
  clone: Shop,
  command: string,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const home = temporary();
  for (const plugins of ['.local/share/terraform/plugins', '.local/share/opentofu/plugins']) {
    if (existsSync(join(homedir(), plugins))) cpSync(join(homedir(), plugins), join(home, plugins), { recursive: true, dereference: true });
  }
  writeFileSync(join(home, '.gitconfig'), '[safe]\n  directory = *\n[user]\n  name = Other\n  email = other@example.com\n');
  mkdirSync(join(home, 'bin'));
  cpSync(process.execPath, join(home, 'bin/node'));
  const root = join(dirname(BIN), '..');
  const installed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .slice(1);
  for (const path of [dirname(BIN), ...installed]) cpSync(path, join(home, relative(root, path)), { recursive: true });
  // Above both of them, so that they can be reached at all.
  const theirs = clone.dir.slice(0, clone.dir.indexOf('/elsewhere'));
  for (const dir of [theirs, dirname(clone.remote)]) chmodSync(dir, 0o755);
  if (OTHER.uid !== undefined) for (const dir of [home, theirs]) execFileSync('chown', ['-R', `${OTHER.uid}:${OTHER.gid}`, dir]);
  return spawnSync('sh', ['-c', `umask 077; exec "${home}/bin/node" "${home}/dist/atmos-deployment.js" ${command}`], {
    cwd: clone.dir,
    env: { PATH: `${home}/bin:${process.env.PATH}`, HOME: home, TZ: 'America/Lima', LANG: 'tr_TR.UTF-8' },
    encoding: 'utf8',
    ...OTHER,
  });
}
