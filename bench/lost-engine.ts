import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { Daemon } from './daemon.ts';
import { startEngineLine } from './engine-line.ts';
import { type Figures, none } from './figures.ts';
import { slowBacking } from './slow.ts';
import { Toll, thingsIn } from './toll.ts';
import { World } from './world.ts';

/** No command may take longer than this beyond what it takes anyway, in milliseconds. */
const HANG = 30_000;

/** The step of a rollout in which it happens, by the name of the phase. */
const PHASES = { build: 'nixpack/web/build', plan: 'terraform/things/plan', apply: 'terraform/things/apply' } as const;
type Phase = keyof typeof PHASES;

/** What happens to an engine, and what makes it well again. */
interface Trouble {
  readonly name: string;
  /** How long each step takes at least, in seconds: longer than it takes until something is noticed. */
  readonly seconds: number;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

/** An engine fails while a rollout builds, plans and applies. */
export async function engineLost(rounds: number): Promise<Figures> {
  const line = await startEngineLine('/var/run/docker.sock');
  const overLine = (name: string, wanted: 'cut' | 'idle' | 'silent', seconds: number): Trouble => ({
    name,
    seconds,
    begin: () => line.set(wanted),
    end: () => line.set('pass'),
  });
  const daemon = new Daemon();
  try {
    await daemon.start();
    return {
      ...(await inEachPhase(overLine('connection cut', 'cut', 1), line.host, rounds)),
      ...(await inEachPhase(overLine('idle connections dropped after 3 s', 'idle', 5), line.host, rounds)),
      ...(await inEachPhase(overLine('silent', 'silent', 1), line.host, rounds)),
      ...(await inEachPhase(stopped('stopped and started', daemon, 'SIGTERM'), daemon.host, rounds)),
      ...(await inEachPhase(stopped('killed and started', daemon, 'SIGKILL'), daemon.host, rounds)),
    };
  } finally {
    await line.close();
    await daemon.close();
  }
}

function stopped(name: string, daemon: Daemon, signal: 'SIGTERM' | 'SIGKILL'): Trouble {
  return {
    name,
    seconds: 1,
    async begin() {
      await daemon.stop(signal);
      await daemon.start();
    },
    end: () => undefined,
  };
}

async function inEachPhase(trouble: Trouble, host: string, rounds: number): Promise<Figures> {
  const before = process.env.DOCKER_HOST;
  // What is left over is asked of the same engine.
  process.env.DOCKER_HOST = host;
  const world = new World(await slowBacking(trouble.seconds, { DOCKER_HOST: host }));
  try {
    const args = 'rollout app --target dev --runtime docker';
    // The images are given to the engine first; then it is seen how long all of it takes.
    world.run(world.dir, args);
    world.commit(2);
    const whole = world.time(world.dir, args);
    const figures: Record<string, Figures[string]> = {};
    let round = 0;
    for (const phase of Object.keys(PHASES) as Phase[]) {
      const name = `engine ${trouble.name}, in ${phase}`;
      const toll = new Toll(name);
      let [hung, missed] = [0, 0];
      for (let lease = 0; lease < rounds; lease += 1, round += 1) {
        const things = thingsIn(round);
        world.commit(things);
        const { exited, reached } = rollout(world, args, PHASES[phase]);
        if (!(await reached)) missed += 1;
        await Promise.race([setTimeout(Math.random() * trouble.seconds * 1000), exited]);
        await trouble.begin();
        const began = performance.now();
        await exited;
        // What goes on all the same, takes its time.
        if (performance.now() - began > HANG + whole) hung += 1;
        await trouble.end();
        toll.take(world, things, args);
      }
      Object.assign(figures, toll.figures(), {
        [`${name}: hung for more than ${HANG / 1000} s`]: none(hung),
        [`${name}: rounds in which that phase did not run`]: none(missed),
      });
    }
    return figures;
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await world.close();
  }
}

/** Starts a rollout. `reached`: true once a node of it has started, false when it ended before. */
function rollout(world: World, args: string, node: string): { readonly exited: Promise<void>; readonly reached: Promise<boolean> } {
  const child: ChildProcess = world.start(world.dir, `--log-format json ${args}`, 'pipe');
  const exited = new Promise<void>((resolve) => void child.on('exit', () => resolve()));
  const reached = new Promise<boolean>((resolve) => {
    if (child.stderr === null) throw new Error('no output');
    createInterface(child.stderr).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const event = JSON.parse(line) as { readonly node?: string; readonly type?: string };
      if (event.node === node && event.type === 'started') resolve(true);
    });
    void exited.then(() => resolve(false));
  });
  return { exited, reached };
}
