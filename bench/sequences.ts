import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figures, none, told } from './figures.ts';
import { PROGRAM } from './shop.ts';

/** `ROUNDS=200 npm run bench -- sequences`: random commands with real Terraform, kills and failures included. */
const ROUNDS = Number(process.env.ROUNDS ?? 10);
const COMMANDS = 5;

/** Components by name: how many resources each has. One whose `broken` is true fails after it made some. */
interface Config {
  readonly things: Readonly<Record<string, number>>;
  readonly broken: string | undefined;
}

const NAMES = ['net', 'net/peering', 'db', 'app'] as const;
/** Reads the outputs of. */
const READS: Readonly<Record<string, string>> = { 'net/peering': 'net', app: 'db' };

const MODULE = `
variable "things" { type = number }
variable "broken" { type = bool }
variable "from" {
  type    = string
  default = ""
}
resource "terraform_data" "thing" {
  count = var.things
  input = "\${var.from} \${count.index}"
  provisioner "local-exec" { command = "sleep 0.05" }
}
resource "terraform_data" "breaks" {
  count      = var.broken ? 1 : 0
  depends_on = [terraform_data.thing]
  provisioner "local-exec" { command = "exit 3" }
}
output "id" { value = join(",", terraform_data.thing[*].id) }
`;

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

function pick<T>(all: readonly T[]): T {
  return all[random(all.length)] as T;
}

class Site {
  readonly base = mkdtempSync(join(tmpdir(), 'atmos-sequences-'));
  readonly dir = join(this.base, 'one');
  /** What each commit declares. */
  readonly configs = new Map<string, Config>();

  constructor() {
    mkdirSync(join(this.dir, 'deployments'), { recursive: true });
    mkdirSync(join(this.dir, 'components/terraform/module'), { recursive: true });
    writeFileSync(join(this.dir, 'components/terraform/module/main.tf'), MODULE);
    writeFileSync(join(this.dir, '.gitignore'), '.atmos/\n');
    writeFileSync(join(this.dir, 'atmos.yaml'), 'base_path: ""\n');
    const remote = join(this.base, 'remote.git');
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'user.name', 'bench');
    this.git('config', 'user.email', 'bench@example.com');
    this.git('remote', 'add', 'origin', remote);
    this.commit({ things: { net: 1 }, broken: undefined });
    this.run('images build app');
    this.commit({ things: { net: 1 }, broken: undefined });
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', ['-C', this.dir, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  commit(config: Config): void {
    const components = Object.entries(config.things).map(([name, things]) => {
      const from = READS[name];
      const reads = from !== undefined && config.things[from] !== undefined ? `, from: !terraform.output ${from} id` : '';
      return `      ${name}: { component: module, vars: { things: ${things}, broken: ${config.broken === name}${reads} } }`;
    });
    const text = `deployment:\n  name: app\n  components:\n    terraform:\n${components.join('\n')}\n  targets: { dev: }\n`;
    writeFileSync(join(this.dir, 'deployments/app.yaml'), text);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message=config');
    this.git('push', '--quiet', 'origin', 'main');
    this.configs.set(this.git('rev-parse', 'HEAD'), config);
  }

  run(args: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: this.dir, encoding: 'utf8' });
  }

  /** Runs a command and kills its whole process group at a random instant. */
  async kill(args: string, within: number): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: this.dir, detached: true, stdio: 'ignore' });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    await Promise.race([new Promise((resolve) => setTimeout(resolve, Math.random() * within)), exited]);
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
  }

  /** How many resources the state of each component holds. */
  resources(): Readonly<Record<string, number>> {
    const root = join(this.dir, '.atmos/state/app/dev/terraform');
    const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
    const counts = files
      .filter((path) => path.endsWith('terraform.tfstate'))
      .map((path): [string, number] => {
        const { resources } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { resources: { instances: unknown[] }[] };
        return [(path.split('/')[0] ?? '').replace('+', '/'), resources.flatMap(({ instances }) => instances).length];
      });
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  known(): Readonly<Record<string, { readonly status: string; readonly commit: string }>> {
    const { targets } = JSON.parse(this.run('--format json status app').stdout) as {
      targets: { components: Record<string, { status: string; commit: string }> }[];
    };
    return targets[0]?.components ?? {};
  }

  releases(): readonly string[] {
    return this.git('for-each-ref', '--format=%(refname:lstrip=3)', 'refs/atmos/releases')
      .split('\n')
      .filter((id) => id !== '')
      .map((id) => id.slice(0, 12));
  }
}

function randomConfig(): Config {
  const things: Record<string, number> = {};
  for (const name of NAMES) {
    const from = READS[name];
    if (Math.random() < 0.7 && (from === undefined || things[from] !== undefined)) things[name] = 1 + random(3);
  }
  if (Object.keys(things).length === 0) things.net = 1;
  return { things, broken: Math.random() < 0.25 ? pick(Object.keys(things)) : undefined };
}

async function command(site: Site): Promise<void> {
  const kills = Math.random() < 0.3;
  const run = async (args: string): Promise<void> => {
    if (kills) await site.kill(args, 1500);
    else site.run(args);
  };
  const choice = random(10);
  if (choice < 5) {
    site.commit(randomConfig());
    await run(`rollout app --target dev${Math.random() < 0.3 ? ' --prune' : ''}${Math.random() < 0.2 ? ' --keep-going' : ''}`);
  } else if (choice < 6) await run(`rollout app --target dev --component terraform/${pick(NAMES)}`);
  else if (choice < 7) await run(`rollout app --target dev --release ${pick(site.releases())}`);
  else if (choice < 8) await run(`destroy app --target dev --yes --component terraform/${pick(NAMES)}`);
  else if (choice < 9) await run('destroy app --target dev --yes');
  else await run('rollout app --target dev --all');
}

/** What the ledger says that is not so, and what it does not say. An apply whose command was killed has to end first: the next command waits for it. */
function differences(site: Site): readonly string[] {
  const [resources, known] = [site.resources(), site.known()];
  const forgotten = Object.keys(resources).filter((name) => known[`terraform/${name}`] === undefined);
  const untrue = Object.entries(known).filter(([address, { status, commit }]) => {
    const name = address.slice('terraform/'.length);
    return status === 'applied' && (resources[name] ?? 0) !== (site.configs.get(commit)?.things[name] ?? -1);
  });
  return [...forgotten.map((name) => `forgotten: ${name}`), ...untrue.map(([address]) => `not as the ledger says: ${address}`)];
}

export async function figures(): Promise<Figures> {
  let [different, left, undestroyed, faults] = [0, 0, 0, 0];
  const site = new Site();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let count = 0; count < COMMANDS; count += 1) await command(site);
      // Whatever a killed command had started is waited for, and whatever was broken is repaired.
      site.commit({ ...randomConfig(), broken: undefined });
      const settled = site.run('rollout app --target dev');
      if (/internal error/.test(settled.stderr)) faults += 1;
      const found = differences(site);
      if (settled.status !== 0 || found.length > 0) {
        process.stderr.write(`round ${round}: ${found.join('; ')} ${settled.status === 0 ? '' : settled.stderr}\n`);
        different += 1;
      }
      const gone = site.run('destroy app --target dev --yes');
      if (gone.status !== 0) {
        process.stderr.write(`round ${round}: ${gone.stderr}\n`);
        undestroyed += 1;
      }
      left += Object.values(site.resources()).reduce((sum, count) => sum + count, 0);
    }
  } finally {
    rmSync(site.base, { recursive: true, force: true });
  }
  return {
    'sequences of commands with real Terraform': told(ROUNDS, 'count'),
    'after which the ledger differs from the states': none(different),
    'destroys that failed': none(undestroyed),
    'resources left by destroy': none(left),
    'internal errors': none(faults),
  };
}
