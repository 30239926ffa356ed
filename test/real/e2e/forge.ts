import { execFileSync } from 'node:child_process';
import { canonicalJson, type Digest, sha256 } from '../../../engine/index.ts';
import type { Shop } from './shop.ts';

// biome-ignore lint/suspicious/noExplicitAny: what somebody makes by hand may be anything
export type Forged = Record<string, any>;

/** Pushes a release that somebody made by hand of another one: with another config, whose digests are right all the same. */
export function forgeRelease(shop: Shop, release: string, change: (config: Forged) => void): Digest {
  const from = `refs/atmos/releases/${release.slice('sha256:'.length)}`;
  const config = JSON.parse(shop.git('show', `${from}:config.json`));
  change(config);
  const configText = canonicalJson(config);
  const manifest = JSON.parse(shop.git('show', `${from}:manifest.json`));
  const described = { ...manifest.config, digest: sha256(configText), size: Buffer.byteLength(configText) };
  const manifestText = canonicalJson({ ...manifest, config: described });
  const env = { ...process.env, GIT_INDEX_FILE: `${shop.dir}/.git/forging` };
  execFileSync('git', ['read-tree', from], { cwd: shop.dir, env });
  for (const [path, input] of [
    ['config.json', configText],
    ['manifest.json', manifestText],
  ] as const) {
    const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: shop.dir, input, encoding: 'utf8' }).trim();
    execFileSync('git', ['update-index', '--cacheinfo', `100644,${blob},${path}`], { cwd: shop.dir, env });
  }
  const tree = execFileSync('git', ['write-tree'], { cwd: shop.dir, env, encoding: 'utf8' }).trim();
  const digest = sha256(manifestText);
  shop.git('push', '--quiet', 'origin', `${shop.git('commit-tree', '-m', 'forged', tree)}:refs/atmos/releases/${digest.slice(7)}`);
  return digest;
}
