import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call, temporary } from './shop.ts';

/** Runs a command with a home directory of its own, and says what is kept there. */
async function listed(home: string, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const { code, stdout, stderr } = await call(['list'], { cwd: repository(home), env: { HOME: home, XDG_CACHE_HOME: '', ...env } });
  expect([code, stdout, stderr]).toEqual([0, expect.stringContaining('app'), '']);
  const dir = join(env.XDG_CACHE_HOME || join(home, '.cache'), 'atmos-deployment');
  return statSync(dir, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(dir).filter((name) => name.includes('.script-'));
}

function repository(home: string): string {
  const dir = join(home, 'repository');
  mkdirSync(join(dir, 'deployments'), { recursive: true });
  writeFileSync(join(dir, 'deployments/app.yaml'), 'deployment: { name: app }\n');
  return dir;
}

test('compiled code is kept for the user alone, and used by the next command of the same verb', async () => {
  const home = temporary();
  const [kept = '', ...others] = await listed(home);
  expect(others).toEqual([]);
  expect(kept).toMatch(/-list$/);
  const dir = join(home, '.cache/atmos-deployment');
  expect([statSync(dir).mode & 0o777, statSync(join(dir, kept)).mode & 0o777]).toEqual([0o700, 0o600]);
  const before = statSync(join(dir, kept));
  expect(await listed(home)).toEqual([kept]);
  expect(statSync(join(dir, kept)).ino).toBe(before.ino);
});

test.each<[string, (whole: Buffer) => Uint8Array]>([
  ['something else', () => Buffer.from('nothing that was compiled')],
  ['nothing', () => Buffer.alloc(0)],
  ['a part', (whole) => whole.subarray(0, -100)],
  ['damaged', (whole) => Buffer.from(whole).fill(255, 200_000, 200_004)],
])('what is kept and is %s is compiled anew', async (_, change) => {
  const home = temporary();
  const [kept = ''] = await listed(home);
  const path = join(home, '.cache/atmos-deployment', kept);
  const whole = readFileSync(path);
  writeFileSync(path, change(whole));
  expect(await listed(home)).toEqual([kept]);
  expect(readFileSync(path).length).toBeGreaterThan(whole.length / 2);
  expect(await listed(home)).toEqual([kept]);
});

test.each<[string, (dir: string) => void]>([
  ['others may write to', (dir) => chmodSync(dir, 0o777)],
  [
    'is a link',
    (dir) => {
      mkdirSync(`${dir}-elsewhere`);
      rmSync(dir, { recursive: true });
      symlinkSync(`${dir}-elsewhere`, dir);
    },
  ],
])('nothing is read from or kept in a directory that %s', async (_, change) => {
  const home = temporary();
  const dir = join(home, '.cache/atmos-deployment');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  change(dir);
  expect(await listed(home)).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

test('code that others may change is not run, and a home that is not there is not made', async () => {
  const home = temporary();
  const [kept = ''] = await listed(home);
  const path = join(home, '.cache/atmos-deployment', kept);
  chmodSync(path, 0o666);
  writeFileSync(path, 'planted');
  await listed(home);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const nowhere = join(home, 'nowhere');
  expect(await listed(home, { XDG_CACHE_HOME: join(nowhere, 'cache') })).toEqual([]);
  expect(statSync(nowhere, { throwIfNoEntry: false })).toBeUndefined();
});

test('it is kept where XDG_CACHE_HOME says', async () => {
  const home = temporary();
  expect(await listed(home, { XDG_CACHE_HOME: join(home, 'cache') })).toHaveLength(1);
});
