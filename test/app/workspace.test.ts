import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventStream, openWorkspace } from '../../app/index.ts';

test.each(['.atmos/cache', 'elsewhere'])(
  'a workspace whose cache is in %s leaves nothing temporary behind, also when it filled the cache',
  async (cacheDir) => {
    const root = mkdtempSync(join(tmpdir(), 'atmos-workspace-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    mkdirSync(join(root, 'deployments'));
    writeFileSync(join(root, 'atmos.yaml'), `deployments: { engine: { cache: { dir: ${cacheDir} } } }\n`);
    const workspace = await openWorkspace({ chdir: root, config: undefined, events: eventStream() });
    await workspace.cache.put('purpose', Buffer.from('content'), 'text');
    await workspace.close();
    for (const dir of new Set(['.atmos/cache', cacheDir])) expect(readdirSync(join(root, dir, 'tmp'))).toEqual([]);
  },
);
