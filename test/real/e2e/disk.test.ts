import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BIN, newShop, type Shop } from './shop.ts';

/** Runs a script in which `atmos` is the program and `.atmos/cache` a disk of so many MiB of its own, empty at first. */
function onDiskOf(shop: Shop, mib: number, script: string) {
  const text = `mount -t tmpfs -o size=${mib}m none .atmos/cache
atmos() { "$NODE" "$BIN" "$@"; }
${script}`;
  const env = { ...process.env, NODE: process.execPath, BIN };
  return spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', text], { cwd: shop.dir, env, encoding: 'utf8' });
}

test('a full disk is told with what to do, and does no harm: with more room the same command works, and nothing is damaged', async () => {
  const shop = await newShop();
  const script = `
atmos --format json plan payment-service --target dev --runtime bubblewrap; echo "exit $?"
mount -o remount,size=900m .atmos/cache
atmos cache verify || exit 9
atmos --quiet rollout payment-service --target dev --runtime bubblewrap || exit 10
atmos cache verify`;
  const { status, stdout, stderr } = onDiskOf(shop, 20, script);
  expect([status, stderr]).toEqual([0, expect.stringContaining('no space is left on the disk')]);
  expect(stdout).toContain('"code": "disk-full"');
  expect(stdout).toContain('exit 4');
  expect(stdout).toMatch(/✔ \d+ checked, 0 damaged\n$/);
});

test('with a cache on a read-only disk, questions are answered, and what needs to write says so', async () => {
  const shop = await newShop();
  const script = `
mount -o remount,ro .atmos/cache
atmos --quiet describe payment-service --target dev > /dev/null || exit 9
atmos --format json plan payment-service --target dev --runtime bubblewrap; echo "exit $?"`;
  const { status, stdout, stderr } = onDiskOf(shop, 20, script);
  expect([status, stderr]).toEqual([0, expect.stringContaining('the disk is read-only')]);
  expect(stdout).toContain('"code": "not-writable"');
  expect(stdout).toContain('exit 4');
});
