import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { COMMAND } from '../command.ts';
import { cloneShop, newApp, newShop } from './shop.ts';

test('images list tells what is pinned and whether it is here, and images verify whether this machine makes the same', async () => {
  const shop = await newShop();
  const { images } = (await shop.ask('images list payment-service')).json;
  expect(images.map(({ name, isHere, assembled }: Record<string, unknown>) => [name, isHere, assembled])).toEqual([
    ['node', true, true],
    [COMMAND, true, true],
  ]);
  const verified = await shop.ask('images verify payment-service');
  expect([verified.code, verified.json.images.every(({ isSame }: { isSame: boolean }) => isSame)]).toEqual([0, true]);
  const clone = cloneShop(shop);
  expect((await clone.run('images list payment-service')).stdout).toMatch(new RegExp(`^${COMMAND} .* no$`, 'm'));
  const { digest } = images[1];
  shop.commit('deployments/payment-service.lock.yaml', (text) => text.replace(digest, `sha256:${'0'.repeat(64)}`));
  const changed = await shop.run('images verify payment-service');
  expect(changed.code).toBe(1);
  expect(changed.stdout).toMatch(new RegExp(`✖ ${COMMAND} {2}pinned as 000000000000, but this machine's programs make [0-9a-f]{12}`));
  expect((await shop.run('images list nowhere')).code).toBe(2);
});

test('an image from source has nothing that .dockerignore names, while tests have it; and a /tmp', async () => {
  const app = newApp({
    'services/web/.dockerignore': '# what an image is not to have\n.npmrc\n**/*.key\nnode_modules\ntest\n!test/kept.txt\n',
    'services/web/.npmrc': '//registry.example.com/:_authToken=planted\n',
    'services/web/certs/tls.key': 'planted\n',
    'services/web/test/a.txt': 'a\n',
    'services/web/test/kept.txt': 'kept\n',
    'services/web/server.js': '1;\n',
    'deployments/app.yaml': `deployment:
  name: app
  components:
    nixpack:
      web:
        vars: { source: ./services/web, image: { registry: registry.example.com, name: web } }
        settings: { nixpack: { build: "mkdir node_modules; echo made > node_modules/made.js; cat .npmrc > /dev/null", start: node server.js } }
  phases: { test: [ { name: unit, component: nixpack/web, run: "cat test/a.txt .npmrc" } ] }
  targets: { dev: }
`,
  });
  expect((await app.run('test app')).code).toBe(0);
  const { json } = await app.ask('build app --target dev');
  // Trees are kept as JSON: those of images have layers.
  const trees = execFileSync('sh', ['-c', 'grep -rl \'"path":"rootfs/\' .atmos/cache/objects | xargs cat'], {
    cwd: app.dir,
    encoding: 'utf8',
  });
  const paths = [...trees.matchAll(/"path":"rootfs\/\d+\/app\/([^"]*)"/g)].map(([, path]) => path).sort();
  expect(json).toBeDefined();
  expect([...new Set(paths)]).toEqual(['.dockerignore', 'node_modules/made.js', 'server.js', 'test/kept.txt']);
  expect(trees).toMatch(/"path":"rootfs\/\d+\/tmp"/);
});
