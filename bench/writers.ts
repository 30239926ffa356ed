import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from './backing.ts';
import { type Figures, none, told } from './figures.ts';
import { PROGRAM } from './shop.ts';
import { World } from './world.ts';

/** How many processes at once. */
const WRITERS = 30;

/** Two minutes ahead of everybody else. */
const AHEAD = `data:text/javascript,${encodeURIComponent(
  'const D=Date;const n=()=>D.now()+120000;globalThis.Date=class extends D{constructor(...a){if(a.length===0)super(n());else super(...a)}static now(){return n()}};',
)}`;

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly began: number;
  readonly ended: number;
}

function start(world: World, args: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const began = performance.now();
    const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args.split(' ')], {
      cwd: world.dir,
      env: { ...world.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('close', (code) => resolve({ code, stderr, began, ended: performance.now() }));
  });
}

export async function figures(): Promise<Figures> {
  const world = new World(LOCAL);
  try {
    world.run(world.dir, 'rollout app --target dev');
    const began = performance.now();
    const inLine = await Promise.all(
      Array.from({ length: WRITERS }, () => start(world, 'rollout app --target dev --all --lock-timeout 2m')),
    );
    const took = performance.now() - began;
    report(inLine);
    const records = JSON.parse(world.run(world.dir, '--format json history app --target dev --limit 100').stdout) as {
      records: { kind: string; result: string | null }[];
    };

    const targets = Array.from({ length: WRITERS }, (_, index) => `t${index}`);
    const deployment = `deployment:
  name: many
  components: { terraform: { reader: { vars: { ids: [] } } } }
  targets: { ${targets.map((name) => `${name}: `).join(', ')} }
`;
    writeFileSync(join(world.dir, 'deployments/many.yaml'), deployment);
    world.run(world.dir, 'images build many');
    world.commit(1);
    const apart = await Promise.all(targets.map((target) => start(world, `rollout many --target ${target}`)));
    report(apart);

    world.commit(3);
    const [one, two] = await Promise.all([
      start(world, 'rollout app --target dev --all'),
      start(world, 'rollout app --target dev --all', { NODE_OPTIONS: `--import ${AHEAD}` }),
    ]);
    const both = [one, two].filter(({ code }) => code === 0).length;
    return {
      'processes in line for one target': told(WRITERS, 'count'),
      'seconds that took': told(Math.round(took / 1000), 's'),
      'that did not succeed': none(inLine.filter(({ code }) => code !== 0).length),
      'outcomes that are missing or too many': none(records.records.filter(({ result }) => result === 'deployed').length - WRITERS - 1),
      'processes on targets of their own that did not succeed': none(apart.filter(({ code }) => code !== 0).length),
      'two at once, one of them two minutes ahead: both at work': none(both === 2 ? 1 : 0),
      'neither at work': none(both === 0 ? 1 : 0),
    };
  } finally {
    await world.close();
  }
}

function report(all: readonly Ended[]): void {
  for (const { code, stderr } of all) if (code !== 0) process.stderr.write(`exit ${code}: ${stderr}\n`);
}
