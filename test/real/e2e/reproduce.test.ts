import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, cloneShop, newShop, type Shop, temporary } from './shop.ts';

test('every release is made again, byte for byte, in a clone whose branch has moved on', async () => {
  const shop = await newShop();
  await shop.run('rollout payment-service --target dev');
  await shop.run('rollout payment-service --target staging --promote-from dev');
  shop.commit('components/terraform/network/main.tf', (text) => `${text}\n# moved on\n`);
  shop.git('push', '--quiet', 'origin', 'main');
  const clone = cloneShop(shop);
  const { releases } = (await clone.ask('releases')).json;
  expect(releases).toHaveLength(2);
  for (const { id } of releases) {
    const again = await clone.ask(`reproduce ${id}`, { env: { TZ: 'Asia/Tokyo' } });
    expect(again.code).toBe(0);
    expect(again.json).toMatchObject({ components: 4, differences: [] });
  }
  const compared = await clone.ask('diff payment-service dev HEAD');
  expect(compared.json.differences).toMatchObject([{ component: 'terraform/network', what: 'source/main.tf' }]);
});

/** Nobody in particular, where we may become another user. */
const OTHER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Runs the program as another user would on this machine: from an installation and a home of their own, in a clone that is theirs. */
function asAnother(clone: Shop, command: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const home = temporary();
  const plugins = '.local/share/terraform/plugins';
  if (existsSync(join(homedir(), plugins))) cpSync(join(homedir(), plugins), join(home, plugins), { recursive: true, dereference: true });
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

test('another user, with another umask and path, time zone and language, makes the same release', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  const said = asAnother(cloneShop(shop), `--format json reproduce ${json.id}`);
  expect([said.status, said.stderr]).toEqual([0, expect.not.stringContaining('✖')]);
  expect(JSON.parse(said.stdout)).toMatchObject({ release: json.digest, made: json.digest, differences: [] });
});

test('where a byte of a source or of a pin is another one, reproduce names the file and fails', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  // The commit that the release names now has a source with one more byte: a history that was written anew.
  shop.commit('components/terraform/network/main.tf', (text) => `${text} `);
  const commit = shop.git('rev-parse', 'HEAD');
  shop.git('replace', json.commit, commit);
  const changed = await shop.ask(`reproduce ${json.id}`);
  expect(changed.code).toBe(1);
  expect(changed.json.differences).toMatchObject([{ component: 'terraform/network', what: 'source/main.tf' }]);
});
