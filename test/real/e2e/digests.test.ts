import { execFileSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { type Forged, forgeRelease } from './forge.ts';
import { startRegistry } from './registry.ts';
import { BIN, cloneShop, newShop } from './shop.ts';
import { asAnother } from './user.ts';

test('a release has the same digest in other clones, paths, time zones, umasks, languages and runtimes', async () => {
  const shop = await newShop();
  const first = await shop.ask('release payment-service --target dev --runtime bubblewrap');
  const env = { TZ: 'Pacific/Auckland', LANG: 'tr_TR.UTF-8', LC_ALL: 'C' };
  for (const runtime of ['docker', 'podman']) {
    const command = `umask 077; exec "${process.execPath}" "${BIN}" --format json release payment-service --target dev --runtime ${runtime}`;
    const other = JSON.parse(
      execFileSync('sh', ['-c', command], {
        cwd: cloneShop(shop).dir,
        env: { ...process.env, ...env },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    expect(other.digest).toBe(first.json.digest);
    expect(other).toEqual(first.json);
  }
});

test('the same release comes of every runtime, of another user, and of the remote cache', async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  const shop = await newShop();
  const cache = 'cache: { dir: .atmos/cache';
  shop.commit('atmos.yaml', (text) => text.replace(cache, `${cache}, remote: "oci://${registry.secure}/cache/digests"`));
  shop.git('push', '--quiet', 'origin', 'main');
  const release = 'release payment-service --target dev --runtime';
  const first = await shop.ask(`--verbose ${release} bubblewrap`, { env: registry.env });
  expect(first.stderr).toContain('containers: ');
  // Without what lets it into the registry, each makes all by itself.
  for (const runtime of ['docker', 'podman']) expect((await cloneShop(shop).ask(`${release} ${runtime}`)).json).toEqual(first.json);
  const other = asAnother(cloneShop(shop), `--format json ${release} bubblewrap`);
  expect(JSON.parse(other.stdout)).toEqual(first.json);
  const taken = await cloneShop(shop).ask(`--verbose ${release} bubblewrap`, { env: registry.env });
  expect(taken.stderr).not.toContain('containers: ');
  expect(taken.json).toEqual(first.json);
});

test('one changed byte of a component gives another release, and another layer of that component alone', async () => {
  const shop = await newShop();
  const before = await shop.ask('release payment-service --target dev');
  shop.commit('components/terraform/database/outputs.tf', (text) => text.replace('Host and port', 'Host and Port'));
  const after = await shop.ask('release payment-service --target dev');
  expect(after.json.digest).not.toBe(before.json.digest);
  const changed = Object.keys(after.json.components).filter(
    (address) => after.json.components[address].layer !== before.json.components[address].layer,
  );
  expect(changed).toEqual(['terraform/database']);
});

test('a release that was tampered with in Git is refused, and nothing of it is used', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  const ref = `refs/atmos/releases/${json.digest.slice(7)}`;
  const path = 'components/terraform/network/source/main.tf';
  const forged = execFileSync('git', ['hash-object', '-w', '--stdin'], {
    cwd: shop.dir,
    input: `${shop.git('show', `${ref}:${path}`)}\n# forged\n`,
    encoding: 'utf8',
  }).trim();
  const env = { ...process.env, GIT_INDEX_FILE: `${shop.dir}/.git/forging` };
  execFileSync('git', ['read-tree', ref], { cwd: shop.dir, env });
  execFileSync('git', ['update-index', '--cacheinfo', `100644,${forged},${path}`], { cwd: shop.dir, env });
  const tree = execFileSync('git', ['write-tree'], { cwd: shop.dir, env, encoding: 'utf8' }).trim();
  shop.git('update-ref', ref, shop.git('commit-tree', '-m', 'forged', tree));
  shop.git('push', '--quiet', '--force', 'origin', `${ref}:${ref}`);
  const shown = await shop.ask(`release show ${json.id}`);
  expect(shown.code).toBe(1);
  expect(shown.json.error).toMatchObject({ code: 'tampered-release' });
  expect(shown.json.error.message).toContain('terraform/network');
  const rolled = await shop.run(`rollout payment-service --target dev --release ${json.id}`);
  expect(rolled.code).toBe(1);
  expect((await shop.ask('status payment-service')).json.targets[0].state).toBe('never');
});

test('a release names no time, host, user or absolute path', async () => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  const text = JSON.stringify(json);
  expect(text).not.toContain(shop.dir);
  expect(text).not.toContain('ana@example.com');
  expect(text).not.toMatch(/20\d\d-\d\d-\d\dT/);
});

const NOTHING = `sha256:${'0'.repeat(64)}`;

test.each<[string, (config: Forged) => void]>([
  ['artifact', ({ components }) => Object.assign(components['terraform/network'], { artifact: NOTHING })],
  ['source', ({ components }) => Object.assign(components['terraform/network'], { source: NOTHING })],
  ['workspace', ({ components }) => Object.assign(components['terraform/network'].settings, { workspace: '../../elsewhere' })],
  ['target', (config) => Object.assign(config, { target: '../dev' })],
  ['commit', (config) => Object.assign(config, { commit: '--upload-pack=x' })],
])('a release that somebody made by hand with another %s than its files have is refused', async (_, forge) => {
  const shop = await newShop();
  const { json } = await shop.ask('release payment-service --target dev');
  const digest = forgeRelease(shop, json.digest, forge);
  const refused = await shop.ask(`rollout payment-service --target dev --release ${digest.slice(7)}`);
  expect(refused).toMatchObject({ code: 1, json: { error: { code: 'tampered-release' } } });
});

test('a commit is what its id says, whatever replaces it here', async () => {
  const shop = await newShop();
  const genuine = await shop.ask('release payment-service --target dev');
  const head = shop.git('rev-parse', 'HEAD');
  shop.commit('components/terraform/database/outputs.tf', (text) => text.replace('Host and port', 'Host and Port'));
  const other = shop.git('rev-parse', 'HEAD');
  shop.git('reset', '--quiet', '--hard', head);
  shop.git('replace', head, other);
  const again = await shop.ask('release payment-service --target dev --no-cache');
  expect(again.json).toMatchObject({ digest: genuine.json.digest });
});
