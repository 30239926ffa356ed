import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inPostgres, LOCAL } from './backing.ts';
import { type Figures, none, told } from './figures.ts';
import { PROGRAM } from './shop.ts';
import { thingsIn } from './toll.ts';
import { World } from './world.ts';

/** How many rounds of each kind; `ROUNDS=200 npm run bench -- faults`. */
const ROUNDS = Number(process.env.ROUNDS ?? 20);

interface Counts {
  rounds: number;
  lostResources: number;
  lostRecords: number;
  doubledRecords: number;
  leftovers: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const gone = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.on('exit', (code) => resolve(code)));

/** Kills, or interrupts, a rollout at a random instant of its life; then rolls out again, and counts what is not as it should be. */
async function broken(world: World, rounds: number, how: 'SIGKILL' | 'SIGINT', runtime: string): Promise<Counts> {
  const counts: Counts = { rounds: 0, lostResources: 0, lostRecords: 0, doubledRecords: 0, leftovers: 0 };
  const args = `rollout app --target dev --runtime ${runtime}`;
  world.commit(2);
  const whole = world.time(world.dir, args);
  for (let round = 0; round < rounds; round += 1) {
    const things = thingsIn(round);
    world.commit(things);
    const child = world.start(world.dir, args);
    const exited = gone(child);
    await Promise.race([sleep(Math.random() * whole), exited]);
    if (child.exitCode === null && child.pid !== undefined) {
      // The whole group for a kill; for Ctrl-C too, as a terminal does it.
      process.kill(-child.pid, how);
    }
    await exited;
    const again = world.run(world.dir, args);
    counts.rounds += 1;
    if (again.status !== 0) {
      process.stderr.write(`round ${round}: ${again.stderr}\n`);
      counts.lostRecords += 1;
    }
    counts.lostResources += world.lostResources(things);
    const outcomes = world.outcomes();
    if (outcomes === 0) counts.lostRecords += 1;
    if (outcomes > 1) counts.doubledRecords += 1;
    const left = world.leftovers();
    if (left.length > 0) process.stderr.write(`round ${round}, ${how} of ${child.pid}: left behind: ${left.join(', ')}\n`);
    counts.leftovers += left.length;
  }
  return counts;
}

/** Kills a command that takes something down at a random instant; then repeats it, and counts what was forgotten or is left. */
async function takenDown(world: World, rounds: number, what: 'destroy' | 'prune', runtime: string): Promise<Counts> {
  const counts: Counts = { rounds: 0, lostResources: 0, lostRecords: 0, doubledRecords: 0, leftovers: 0 };
  const args =
    what === 'destroy' ? `destroy app --target dev --yes --runtime ${runtime}` : `rollout app --target dev --prune --runtime ${runtime}`;
  let whole = 1500;
  for (let round = 0; round < rounds; round += 1) {
    const things = thingsIn(round);
    world.commit(things);
    world.run(world.dir, `rollout app --target dev --runtime ${runtime}`);
    if (what === 'prune') world.commit(things, false);
    const began = performance.now();
    const child = world.start(world.dir, args);
    const exited = gone(child);
    await Promise.race([sleep(Math.random() * whole), exited]);
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else whole = performance.now() - began;
    await exited;
    const again = world.run(world.dir, args);
    counts.rounds += 1;
    // When all was done before it was killed, there is nothing to destroy any more.
    const isFine = again.status === 0 || (what === 'destroy' && /nothing is deployed/.test(again.stderr));
    if (!isFine) {
      process.stderr.write(`${what}, round ${round}: ${again.stderr}\n`);
      counts.lostRecords += 1;
    }
    counts.lostResources += world.lostResources(what === 'destroy' ? 0 : things);
    const known = world.components();
    if (known.length !== (what === 'destroy' ? 0 : 1)) counts.doubledRecords += 1;
    const left = world.leftovers();
    if (left.length > 0) process.stderr.write(`${what}, round ${round}: left behind: ${left.join(', ')}\n`);
    counts.leftovers += left.length;
  }
  return counts;
}

/** Two rollouts of one target at once, from two clones: one wins, and the other says who holds the lock or that there is nothing to do. */
async function raced(world: World, rounds: number): Promise<{ rounds: number; notOne: number; unsaid: number }> {
  const two = join(world.base, 'two');
  execFileSync('git', ['clone', '--quiet', world.remote, two]);
  world.identify(two, 'two');
  world.run(two, 'rollout app --target dev --all');
  const counts = { rounds: 0, notOne: 0, unsaid: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const both = await Promise.all([world.dir, two].map((dir) => finished(world, dir)));
    counts.rounds += 1;
    if (both.filter(({ code }) => code === 0).length !== 1) counts.notOne += 1;
    for (const { code, stderr } of both) {
      if (code !== 0 && !(code === 3 && /is being deployed by (one|two)@example\.com/.test(stderr))) counts.unsaid += 1;
    }
  }
  return counts;
}

function finished({ env }: World, dir: string): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...'rollout app --target dev --all'.split(' ')], {
      cwd: dir,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

/** Half of the kills with either backend, in either runtime. */
const TRIALS = [
  ['kill -9, bubblewrap', 1 / 4, 'SIGKILL', 'bubblewrap'],
  ['kill -9, docker', 1 / 4, 'SIGKILL', 'docker'],
  ['Ctrl-C, bubblewrap', 1 / 8, 'SIGINT', 'bubblewrap'],
] as const;

export async function figures(): Promise<Figures> {
  const figures: Record<string, Figures[string]> = {};
  for (const [backend, backing] of [
    ['local', LOCAL],
    ['pg', await inPostgres()],
  ] as const) {
    const world = new World(backing);
    try {
      for (const [name, share, how, runtime] of TRIALS) {
        const counts = await broken(world, Math.ceil(ROUNDS * share), how, runtime);
        figures[`${name}, ${backend}: rounds`] = told(counts.rounds, 'count');
        figures[`${name}, ${backend}: lost resources`] = none(counts.lostResources);
        figures[`${name}, ${backend}: lost records`] = none(counts.lostRecords);
        figures[`${name}, ${backend}: doubled records`] = none(counts.doubledRecords);
        figures[`${name}, ${backend}: leftovers`] = none(counts.leftovers);
      }
      for (const what of ['destroy', 'prune'] as const) {
        const counts = await takenDown(world, Math.ceil(ROUNDS / 8), what, 'bubblewrap');
        figures[`kill -9 in ${what}, ${backend}: rounds`] = told(counts.rounds, 'count');
        figures[`kill -9 in ${what}, ${backend}: forgotten resources`] = none(counts.lostResources);
        figures[`kill -9 in ${what}, ${backend}: not repeated`] = none(counts.lostRecords);
        figures[`kill -9 in ${what}, ${backend}: components still known, or not any more`] = none(counts.doubledRecords);
        figures[`kill -9 in ${what}, ${backend}: leftovers`] = none(counts.leftovers);
      }
      // A local state is one clone's alone.
      if (backend === 'pg') {
        const race = await raced(world, ROUNDS);
        figures['two at once: rounds'] = told(race.rounds, 'count');
        figures['two at once: rounds without exactly one winner'] = none(race.notOne);
        figures['two at once: losers that did not say who holds it'] = none(race.unsaid);
      }
    } finally {
      await world.close();
    }
  }
  return figures;
}
