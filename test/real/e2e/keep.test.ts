import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newShop } from './shop.ts';

test.each(['bubblewrap', 'docker', 'podman'])(
  'with --keep, what a failed node left can be looked at in a shell in its container, in %s',
  async (runtime) => {
    const shop = await newShop();
    shop.commit('deployments/payment-service.yaml', (text) =>
      text.replace('        run: node --test', '        network: bridge\n        run: echo left > /tmp/left; date > reports/half; false #'),
    );
    const flags = `test payment-service --component api --runtime ${runtime}`;
    const failed = await shop.run(`${flags} --keep`);
    expect(failed.code).toBe(1);
    const command = /open a shell in them: (\S+)/.exec(failed.stderr)?.[1] ?? '';
    expect(statSync(join(shop.dir, '.atmos/kept')).mode & 0o777).toBe(0o700);
    const ask =
      'tail -n 1 /proc/net/dev; grep Seccomp: /proc/self/status; cat /tmp/left; ls /tmp/*/reports; touch /nowhere || echo read-only';
    // A person sits at a terminal: `script` is one.
    const said = execFileSync('script', ['-qec', `${command} -c '${ask}'`, '/dev/null'], { cwd: shop.dir, encoding: 'utf8' });
    expect(said).toMatch(/Seccomp:\t2\r?\nleft\r?\nhalf\r?\n[\s\S]*read-only/);
    // A network of its own, as the node's was.
    expect(said).toMatch(runtime === 'bubblewrap' ? / tap0:/ : / eth0:/);
    expect((await shop.run(flags)).stderr).not.toContain('open a shell');
  },
);

test('with --keep, nothing is kept of nodes that succeed', async () => {
  const shop = await newShop();
  expect((await shop.run('test payment-service --component api --keep --no-cache')).code).toBe(0);
  expect(existsSync(join(shop.dir, '.atmos/kept'))).toBe(false);
});
