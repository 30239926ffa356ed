import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AtmosError, canonicalJson, errorCode, type Store, shortId } from '../engine/index.ts';
import { layerPath } from './layer-path.ts';
import type { Release } from './types.ts';

/**
 * Writes a release as plain files: `manifest.json`, `config.json`, `metadata.yaml`, and a directory for each component. The directory
 * appears whole or not at all.
 * @throws AtmosError `target-exists` when there is something at `dir`.
 */
export async function exportRelease(release: Release, dir: string, store: Store): Promise<void> {
  const { stringify } = await import('./metadata-yaml.ts');
  const temporary = `${dir}.partial-${process.pid}`;
  try {
    await mkdir(join(temporary, 'components'), { recursive: true });
    await writeFile(join(temporary, 'manifest.json'), canonicalJson(release.manifest));
    await writeFile(join(temporary, 'config.json'), canonicalJson(release.config));
    await writeFile(join(temporary, 'metadata.yaml'), stringify(metadata(release)));
    for (const [address, digest] of Object.entries(release.layers)) {
      const target = join(temporary, layerPath(address));
      await mkdir(dirname(target), { recursive: true });
      await cp(await store.checkOut(digest), target, { recursive: true, verbatimSymlinks: true });
    }
    await rename(temporary, dir);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST' || errorCode(error) === 'ENOTDIR') {
      throw new AtmosError(`${dir} exists already`, {
        kind: 'invalid',
        code: 'target-exists',
        hint: 'name a directory that does not exist yet',
      });
    }
    throw error;
  }
}

function metadata(release: Release): unknown {
  const { deployment, target, commit, dirty, promotedFrom, images, components } = release.config;
  return {
    release: release.digest,
    id: shortId(release.digest),
    deployment,
    target,
    commit,
    dirty,
    promoted_from: promotedFrom,
    images,
    components,
  };
}
