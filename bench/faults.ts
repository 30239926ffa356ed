import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figures, told } from './figures.ts';
import { PROGRAM } from './shop.ts';

/** How many rounds of each kind; `ROUNDS=200 npm run bench -- faults`. */
const ROUNDS = Number(process.env.ROUNDS ?? 20);

/** A component whose resources leave a marker outside of Terraform's state when they are made, and take it away when they are destroyed. */
const MODULE = `
variable "things" { type = number }
resource "terraform_data" "thing" {
  count = var.things
  provisioner "local-exec" {
    command = "sleep 0.1; mkdir -p /state/things; echo made > /state/things/\${self.id}"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "rm -f /state/things/\${self.id}"
  }
}
output "ids" { value = terraform_data.thing[*].id }
`;
const READER = `
variable "ids" { type = list(string) }
resource "terraform_data" "reader" { input = var.ids }
`;
const deployment = (things: number): string => `deployment:
  name: app
  components:
    terraform:
      things: { vars: { things: ${things} } }
      reader: { vars: { ids: !terraform.output things ids } }
  targets: { dev: {} }
`;

interface Counts {
  rounds: number;
  lostResources: number;
  lostRecords: number;
  doubledRecords: number;
  leftovers: number;
}

class World {
  readonly base = mkdtempSync(join(tmpdir(), 'atmos-faults-'));
  readonly remote = join(this.base, 'remote.git');
  readonly dir = join(this.base, 'one');

  constructor() {
    mkdirSync(join(this.dir, 'deployments'), { recursive: true });
    for (const [name, text] of [
      ['things', MODULE],
      ['reader', READER],
    ] as const) {
      mkdirSync(join(this.dir, 'components/terraform', name), { recursive: true });
      writeFileSync(join(this.dir, 'components/terraform', name, 'main.tf'), text);
    }
    writeFileSync(join(this.dir, '.gitignore'), '.atmos/\n');
    writeFileSync(join(this.dir, 'atmos.yaml'), 'base_path: ""\n');
    writeFileSync(join(this.dir, 'deployments/app.yaml'), deployment(1));
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', this.remote]);
    this.git(this.dir, 'init', '--quiet', '--initial-branch=main');
    this.identify(this.dir, 'one');
    this.git(this.dir, 'remote', 'add', 'origin', this.remote);
    this.run(this.dir, 'images build app');
    this.commit(1);
  }

  identify(dir: string, name: string): void {
    this.git(dir, 'config', 'user.name', name);
    this.git(dir, 'config', 'user.email', `${name}@example.com`);
  }

  git(dir: string, ...args: readonly string[]): string {
    return execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  run(dir: string, args: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: dir, encoding: 'utf8' });
  }

  start(dir: string, args: string): ChildProcess {
    return spawn(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: dir, detached: true, stdio: 'ignore' });
  }

  commit(things: number): void {
    writeFileSync(join(this.dir, 'deployments/app.yaml'), deployment(things));
    this.git(this.dir, 'add', '--all');
    this.git(this.dir, 'commit', '--quiet', '--allow-empty', `--message=${things} things`);
    this.git(this.dir, 'push', '--quiet', 'origin', 'main');
  }

  /** Markers without a resource in the state, and resources without a marker. */
  lostResources(things: number): number {
    const state = join(this.dir, '.atmos/state/app/dev/terraform/things');
    const markers = existsSync(join(state, 'things')) ? readdirSync(join(state, 'things')) : [];
    const file = ['terraform.tfstate', 'workspaces/dev/terraform.tfstate'].map((name) => join(state, name)).find(existsSync);
    const { resources } = JSON.parse(readFileSync(file ?? '', 'utf8')) as { resources: { instances: { attributes: { id: string } }[] }[] };
    const ids = resources.flatMap(({ instances }) => instances.map(({ attributes }) => attributes.id));
    const odd = [...markers.filter((id) => !ids.includes(id)), ...ids.filter((id) => !markers.includes(id))].length;
    return odd + Math.abs(ids.length - things);
  }

  /** Outcomes of the release of the newest commit: one is right. */
  outcomes(): number {
    const commit = this.git(this.dir, 'rev-parse', 'HEAD');
    const { records } = JSON.parse(this.run(this.dir, '--format json history app --target dev --limit 12').stdout) as {
      records: { kind: string; commit: string; result: string | null }[];
    };
    return records.filter((record) => record.commit === commit && record.result === 'deployed').length;
  }

  leftovers(): number {
    const list = (dir: string): readonly string[] => (existsSync(dir) ? readdirSync(dir) : []);
    const directories = [...list(join(this.dir, '.atmos/runs')), ...list(join(this.dir, '.atmos/cache/tmp'))];
    const locks = this.git(this.remote, 'for-each-ref', 'refs/atmos/locks')
      .split('\n')
      .filter((line) => line !== '');
    const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(this.base));
    const args = ['ps', '-a', '--no-trunc', '--filter', 'label=dev.atmos.deployment.owner', '--format', '{{.ID}} {{.Mounts}}'];
    const containers = spawnSync('docker', args, { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line.includes(this.base));
    const left = [...directories, ...locks, ...processes.map(commandOf), ...containers];
    if (left.length > 0) process.stderr.write(`left behind: ${left.join(', ')}\n`);
    return left.length;
  }

  close(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const gone = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.on('exit', (code) => resolve(code)));

/** Kills, or interrupts, a rollout at a random instant of its life; then rolls out again, and counts what is not as it should be. */
async function broken(world: World, rounds: number, how: 'SIGKILL' | 'SIGINT', runtime: string): Promise<Counts> {
  const counts: Counts = { rounds: 0, lostResources: 0, lostRecords: 0, doubledRecords: 0, leftovers: 0 };
  const args = `rollout app --target dev --runtime ${runtime}`;
  world.commit(2);
  const began = performance.now();
  world.run(world.dir, args);
  const whole = performance.now() - began;
  for (let round = 0; round < rounds; round += 1) {
    const things = 1 + ((round * 7 + 3) % 6);
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
    counts.leftovers += world.leftovers();
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
    const both = await Promise.all([world.dir, two].map((dir) => finished(dir)));
    counts.rounds += 1;
    if (both.filter(({ code }) => code === 0).length !== 1) counts.notOne += 1;
    for (const { code, stderr } of both) {
      if (code !== 0 && !(code === 3 && /is being deployed by (one|two)@example\.com/.test(stderr))) counts.unsaid += 1;
    }
  }
  return counts;
}

function finished(dir: string): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...'rollout app --target dev --all'.split(' ')], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

export async function figures(): Promise<Figures> {
  const world = new World();
  try {
    const figures: Record<string, Figures[string]> = {};
    const none = (value: number): Figures[string] => ({ value, unit: 'count', goal: '= 0', holds: value === 0 });
    const trials = [
      ['kill -9, bubblewrap', ROUNDS, 'SIGKILL', 'bubblewrap'],
      ['kill -9, docker', Math.ceil(ROUNDS / 4), 'SIGKILL', 'docker'],
      ['Ctrl-C, bubblewrap', Math.ceil(ROUNDS / 4), 'SIGINT', 'bubblewrap'],
    ] as const;
    for (const [name, rounds, how, runtime] of trials) {
      const counts = await broken(world, rounds, how, runtime);
      figures[`${name}: rounds`] = told(counts.rounds, 'count');
      figures[`${name}: lost resources`] = none(counts.lostResources);
      figures[`${name}: lost records`] = none(counts.lostRecords);
      figures[`${name}: doubled records`] = none(counts.doubledRecords);
      figures[`${name}: leftovers`] = none(counts.leftovers);
    }
    const race = await raced(world, ROUNDS);
    figures['two at once: rounds'] = told(race.rounds, 'count');
    figures['two at once: rounds without exactly one winner'] = none(race.notOne);
    figures['two at once: losers that did not say who holds it'] = none(race.unsaid);
    return figures;
  } finally {
    world.close();
  }
}
