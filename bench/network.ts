import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LOCAL } from './backing.ts';
import { type Figures, none, told } from './figures.ts';
import { thingsIn } from './toll.ts';
import { World } from './world.ts';

/** `ROUNDS=100 npm run bench -- network`: rollouts over an HTTP remote that refuses a fifth of all requests, cuts lines, and is silent. */
const ROUNDS = Number(process.env.ROUNDS ?? 20);

export async function figures(): Promise<Figures> {
  const world = new World(LOCAL);
  const server = new Worker(new URL('./git-worker.ts', import.meta.url), { workerData: world.remote });
  const [url] = (await once(server, 'message')) as [string];
  const requests = async (): Promise<number> => {
    server.postMessage('count');
    return ((await once(server, 'message')) as [number])[0];
  };
  const counts = { deployed: 0, failed: 0, doubled: 0, forgotten: 0, locks: 0, untrue: 0 };
  try {
    world.git(world.dir, 'remote', 'set-url', 'origin', url);
    world.commit(1);
    const before = await requests();
    world.run(world.dir, 'rollout app --target dev');
    const usual = (await requests()) - before;
    for (let round = 0; round < ROUNDS; round += 1) {
      const things = thingsIn(round);
      world.commit(things);
      server.postMessage('fail');
      const { status, stderr } = world.run(world.dir, 'rollout app --target dev');
      server.postMessage('work');
      const outcomes = world.outcomes();
      if (status === 0) counts.deployed += 1;
      else {
        counts.failed += 1;
        process.stderr.write(`round ${round}: ${stderr}\n`);
      }
      if (outcomes > 1) counts.doubled += 1;
      // What says that it deployed is recorded; what does not has applied nothing, or says so and is recorded by the next command.
      if (status === 0 && outcomes !== 1) counts.untrue += 1;
      if (status !== 0 && world.lostResources(things) === 0 && !/not yet recorded/.test(stderr)) counts.untrue += 1;
      if (status !== 0) world.run(world.dir, 'rollout app --target dev');
      counts.forgotten += world.lostResources(things);
      if (world.git(world.remote, 'for-each-ref', 'refs/atmos/locks') !== '') counts.locks += 1;
    }
    return {
      'requests of a rollout where nothing fails': told(usual, 'count'),
      'rollouts over a failing remote': told(ROUNDS, 'count'),
      'that deployed': told(counts.deployed, 'count'),
      'that gave up': told(counts.failed, 'count'),
      'recorded twice': none(counts.doubled),
      'said what was not so': none(counts.untrue),
      'resources lost': none(counts.forgotten),
      'locks left': none(counts.locks),
    };
  } finally {
    await server.terminate();
    await world.close();
  }
}
