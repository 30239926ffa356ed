import { setTimeout } from 'node:timers/promises';
import { type Line, startEngineLine } from './engine-line.ts';
import { type Figures, none, told } from './figures.ts';
import { LOCAL, World } from './world.ts';

/** No command may take longer than this once its engine is lost, in milliseconds. */
const HANG = 30_000;

/** The line to the engine fails at instants that are spread over a whole rollout: while it prepares, plans and applies. */
export async function engineLost(rounds: number): Promise<Figures> {
  const figures: Record<string, Figures[string]> = {};
  for (const line of ['cut', 'idle', 'silent'] as const) Object.assign(figures, await lost(line, rounds));
  return figures;
}

async function lost(line: Line, rounds: number): Promise<Figures> {
  const engine = await startEngineLine('/var/run/docker.sock');
  const before = process.env.DOCKER_HOST;
  const world = new World({ ...LOCAL, env: { DOCKER_HOST: engine.host } });
  const wrong = { hung: 0, failed: 0, lostResources: 0, wrongRecords: 0, leftovers: 0 };
  try {
    const args = 'rollout app --target dev --runtime docker';
    world.run(world.dir, args);
    world.commit(2);
    const began = performance.now();
    world.run(world.dir, args);
    const whole = performance.now() - began;
    for (let round = 0; round < rounds; round += 1) {
      const things = 1 + ((round * 7 + 3) % 6);
      world.commit(things);
      const child = world.start(world.dir, args);
      const exited = new Promise((resolve) => child.on('exit', resolve));
      await Promise.race([setTimeout((whole * (round + Math.random())) / rounds), exited]);
      engine.set(line);
      const failed = performance.now();
      await exited;
      if (performance.now() - failed > HANG) wrong.hung += 1;
      engine.set('pass');
      const again = world.run(world.dir, args);
      if (again.status !== 0) {
        process.stderr.write(`${line}, round ${round}: ${again.stderr}\n`);
        wrong.failed += 1;
      }
      wrong.lostResources += world.lostResources(things);
      wrong.wrongRecords += Math.abs(world.outcomes() - 1);
      const left = world.leftovers();
      if (left.length > 0) process.stderr.write(`${line}, round ${round}: left behind: ${left.join(', ')}\n`);
      wrong.leftovers += left.length;
    }
  } finally {
    await world.close();
    await engine.close();
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
  const name = { cut: 'engine: connection cut', idle: 'engine: idle connections dropped', silent: 'engine: silent', pass: '' }[line];
  return {
    [`${name}: rounds`]: told(rounds, 'count'),
    [`${name}: hung for more than ${HANG / 1000} s`]: none(wrong.hung),
    [`${name}: commands that failed afterwards`]: none(wrong.failed),
    [`${name}: lost resources`]: none(wrong.lostResources),
    [`${name}: lost and doubled records`]: none(wrong.wrongRecords),
    [`${name}: leftovers`]: none(wrong.leftovers),
  };
}
