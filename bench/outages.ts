import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from './backing.ts';
import { type Figures, none, told } from './figures.ts';
import { startBadLine } from './line.ts';
import { engineLost } from './lost-engine.ts';
import { newShop, PROGRAM, type Shop } from './shop.ts';
import { Toll, thingsIn } from './toll.ts';
import { World } from './world.ts';

/** How many rounds of each kind; `ROUNDS=50 npm run bench -- outages`. */
const ROUNDS = Number(process.env.ROUNDS ?? 10);

/** What is around a command fails while it runs: the engine or the line to it fails, the clock jumps, the disk is full, the remote cache breaks off. */
export async function figures(): Promise<Figures> {
  return { ...(await engineLost(ROUNDS)), ...(await clockJumps()), ...diskFull(), ...(await cacheBreaksOff()) };
}

/** Each rollout sees another time than the one before, up to a year to and fro. */
async function clockJumps(): Promise<Figures> {
  const toll = new Toll('clock moved');
  const world = new World(LOCAL);
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      world.commit(thingsIn(round));
      const days = Math.round((Math.random() - 0.5) * 730);
      const env = { ...world.env, LD_PRELOAD: FAKETIME, FAKETIME: `${days < 0 ? '' : '+'}${days}d`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      toll.take(world, thingsIn(round), 'rollout app --target dev --runtime bubblewrap', env);
    }
  } finally {
    await world.close();
  }
  return toll.figures();
}

/** Of Debian's package `faketime`. */
const FAKETIME = `/usr/lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu/faketime/libfaketime.so.1`;

/** The cache lies on a disk of a random size that is too small for some of the work; then there is room. */
function diskFull(): Figures {
  let [untold, failed, damaged] = [0, 0, 0];
  const shop = newShop();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const script = `mount -t tmpfs -o size=${1 + Math.floor(Math.random() * 120)}m none .atmos/cache
"$NODE" "$BIN" --format json plan payment-service --target dev --runtime bubblewrap > out.json; echo "first $?"
mount -o remount,size=900m .atmos/cache
"$NODE" "$BIN" cache verify > verified; echo "verified $?"
"$NODE" "$BIN" plan payment-service --target dev --runtime bubblewrap > out; echo "then $?"
rm out out.json verified`;
      const env = { ...process.env, NODE: process.execPath, BIN: PROGRAM };
      const shell = ['--user', '--map-root-user', '--mount', 'sh', '-c', script];
      const { stdout } = spawnSync('unshare', shell, { cwd: shop.dir, env, encoding: 'utf8' });
      if (!/first [04]\n/.test(stdout)) untold += 1;
      if (!stdout.includes('verified 0\n')) damaged += 1;
      if (!stdout.includes('then 0\n')) failed += 1;
    }
  } finally {
    shop.close();
  }
  return {
    'disk full: rounds': told(ROUNDS, 'count'),
    'disk full: commands that ended otherwise than well or told': none(untold),
    'disk full: rounds after which something was damaged': none(damaged),
    'disk full: commands that failed with more room': none(failed),
  };
}

/** The line to the remote cache is cut, or changes what goes over it, after a random number of bytes; in both directions. */
async function cacheBreaksOff(): Promise<Figures> {
  const line = await startBadLine();
  let bytes: readonly number[] = [];
  let [failed, wrong, damaged, broke] = [0, 0, 0, 0];
  const shop = newShop();
  try {
    const right = builtIn(shop, '');
    // What giving and taking take over a good line.
    const usual = [0, 1].map(() => {
      line.break(Number.POSITIVE_INFINITY, 'cut');
      if (builtIn(shop, `oci://${line.address}/cache/good`) !== right) wrong += 1;
      return line.passed();
    });
    bytes = usual;
    for (let round = 0; round < ROUNDS; round += 1) {
      const place = `oci://${line.address}/cache/round${Math.floor(round / 2)}`;
      // The first machine gives over a bad line, the next one takes over one.
      line.break(Math.floor(Math.random() * (usual[round % 2] ?? 0)), round % 4 < 2 ? 'cut' : 'flip');
      const built = builtIn(shop, place);
      broke += line.broke() ? 1 : 0;
      if (built === undefined) failed += 1;
      else if (built !== right) wrong += 1;
      if (spawnSync(process.execPath, [PROGRAM, 'cache', 'verify'], { cwd: shop.dir }).status !== 0) damaged += 1;
    }
    // Whatever lies there now, a good line gives what is right.
    line.break(Number.POSITIVE_INFINITY, 'cut');
    for (let round = 0; round < ROUNDS / 2; round += 1)
      if (builtIn(shop, `oci://${line.address}/cache/round${round}`) !== right) wrong += 1;
  } finally {
    shop.close();
    await line.stop();
  }
  return {
    'remote cache breaks off: rounds': told(ROUNDS, 'count'),
    'remote cache breaks off: bytes that giving, and taking, take': told(Math.max(...bytes), 'bytes'),
    'remote cache breaks off: rounds in which it did': told(broke, 'count'),
    'remote cache breaks off: runs that failed': none(failed),
    'remote cache breaks off: results that were wrong': none(wrong),
    'remote cache breaks off: rounds after which something was damaged': none(damaged),
  };
}

/** Builds on a machine whose own cache is empty. What it made as a digest; `undefined` when it failed. */
function builtIn(shop: Shop, place: string): string | undefined {
  const path = join(shop.dir, 'atmos.yaml');
  const written = readFileSync(path, 'utf8');
  const cache = 'cache: { dir: .atmos/cache';
  rmSync(join(shop.dir, '.atmos/cache'), { recursive: true, force: true });
  try {
    if (place !== '') writeFileSync(path, written.replace(cache, `${cache}, remote: "${place}"`));
    const args = '--format json build payment-service --target dev --runtime bubblewrap'.split(' ');
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { cwd: shop.dir, encoding: 'utf8' });
    if (status !== 0) process.stderr.write(stderr);
    return status === 0 ? [...stdout.matchAll(/sha256:[0-9a-f]{64}/g)].join(' ') : undefined;
  } finally {
    writeFileSync(path, written);
  }
}
