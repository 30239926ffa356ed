import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, newShop, temporary } from './shop.ts';

/** A PATH with all that ours has, but one program. */
function pathWithout(program: string): string {
  const dir = temporary();
  for (const from of (process.env.PATH ?? '').split(delimiter).filter((one) => existsSync(one))) {
    for (const name of readdirSync(from)) {
      if (name !== program && !existsSync(join(dir, name))) symlinkSync(join(from, name), join(dir, name));
    }
  }
  return dir;
}

test('doctor says what works on this machine and what it enforces, and what is missing with the command that mends it', async () => {
  const shop = await newShop();
  const here = await shop.ask('doctor');
  expect(here).toMatchObject({ code: 0, json: { runtime: 'bubblewrap', isFit: true } });
  const found = (name: string) => here.json.findings.find(({ what }: { what: string }) => what === name);
  expect(found('docker').enforces).toContain('own-network');
  expect(found('bubblewrap')).toMatchObject({ version: expect.stringMatching(/^\d/), enforces: expect.arrayContaining(['seccomp']) });
  const without = await shop.run('doctor', {
    env: { PATH: '/nowhere', DOCKER_HOST: 'unix:///nowhere/docker.sock', CONTAINER_HOST: 'unix:///nowhere/podman.sock' },
  });
  expect(without.code).toBe(4);
  expect(without.stdout).toContain('✖ git is not installed');
  expect(without.stdout).toMatch(/– no container engine answers at unix:\/\/\/nowhere\/docker.sock\n +start it: /);
  expect(without.stdout).toContain('✖ no runtime works here');
});

test('doctor says which setting of this machine forbids sandboxes, and what allows them', async () => {
  const shop = await newShop();
  // The setting counts in a user namespace and those within it.
  const doctor = `echo 0 > /proc/sys/user/max_user_namespaces; exec '${process.execPath}' '${BIN}' doctor`;
  const { stdout } = spawnSync('unshare', ['--user', '--map-root-user', 'sh', '-c', doctor], { cwd: shop.dir, encoding: 'utf8' });
  expect(stdout).toMatch(/– bubblewrap can't make a sandbox here: .*\n +.*sudo sysctl user.max_user_namespaces=15000/);
});

test('with strict isolation nothing runs where the runtime does not enforce what it needs', async () => {
  const shop = await newShop();
  const strict = (text: string): string => text.replace('  engine:\n', '  engine:\n    isolation: strict\n');
  shop.commit('atmos.yaml', strict);
  shop.commit('deployments/payment-service.yaml', (text) =>
    text.replace('    verify:\n', "      - { name: reaching, image: node, run: 'true', network: bridge }\n    verify:\n"),
  );
  const env = { PATH: pathWithout('slirp4netns') };
  const refused = await shop.run('test payment-service --runtime bubblewrap', { env });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/checks\/reaching: .*cannot enforce the isolation that this node needs: own-network/);
  expect((await shop.run('doctor', { env })).stdout).toMatch(/– slirp4netns is not installed .*\n +sudo apt-get install slirp4netns/);
  expect((await shop.run('test payment-service --runtime bubblewrap')).code).toBe(0);
  const onDocker = await shop.run('test payment-service --runtime docker --no-cache');
  expect([onDocker.code, onDocker.stderr]).toEqual([
    4,
    expect.stringMatching(/cannot enforce the isolation that this node needs: no-link-local/),
  ]);
});
