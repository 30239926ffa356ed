import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isAbandoned } from '../containers/bubblewrap/cgroups.ts';
import { type Backing, namesIn } from './backing.ts';
import { PROGRAM } from './shop.ts';

/** A component whose resources leave a marker outside of Terraform's state when they are made, and take it away when they are destroyed. */
const module = ({ made, destroyed }: Backing): string => `
variable "things" { type = number }
resource "terraform_data" "thing" {
  count = var.things
  provisioner "local-exec" {
    command = "sleep 0.1; ${made}"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "${destroyed}"
  }
}
output "ids" { value = terraform_data.thing[*].id }
`;
const READER = `
variable "ids" { type = list(string) }
resource "terraform_data" "reader" { input = var.ids }
`;
const image = (seconds: number): string => `    nixpack:
      web:
        vars: { source: ./services/web, image: { registry: registry.example.com, name: web } }
        settings: { nixpack: { build: "sleep ${seconds}; cp things.txt built.txt", start: "cat built.txt" } }
`;
const deployment = (things: number, hasReader: boolean, { backend, secrets, seconds }: Backing): string => `deployment:
  name: app
  components:
${seconds === undefined ? '' : image(seconds)}    terraform:
      things: { ${backend.replaceAll('NAME', 'things')}vars: { things: ${things} } }
${hasReader ? `      reader: { ${backend.replaceAll('NAME', 'reader')}vars: { ids: !terraform.output things ids } }\n` : ''}  targets: { dev: { ${secrets} } }
`;

/** How long what is left may take to go, in milliseconds. */
const SETTLING = 5000;

/** A repository, its remote, and what is to be counted in them. */
export class World {
  readonly backing: Backing;
  readonly base = mkdtempSync(join(tmpdir(), 'atmos-faults-'));
  readonly remote = join(this.base, 'remote.git');
  readonly dir = join(this.base, 'one');

  constructor(backing: Backing) {
    this.backing = backing;
    mkdirSync(join(this.dir, 'deployments'), { recursive: true });
    for (const [name, text] of [
      ['things', module(backing)],
      ['reader', READER],
    ] as const) {
      mkdirSync(join(this.dir, 'components/terraform', name), { recursive: true });
      writeFileSync(join(this.dir, 'components/terraform', name, 'main.tf'), text);
    }
    writeFileSync(join(this.dir, '.gitignore'), '.atmos/\n');
    writeFileSync(join(this.dir, 'atmos.yaml'), 'base_path: ""\n');
    this.#write(1);
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

  run(dir: string, args: string, env = this.env): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: dir, encoding: 'utf8', env });
  }

  /** Runs a command and says how long it took, in milliseconds. */
  time(dir: string, args: string): number {
    const began = performance.now();
    this.run(dir, args);
    return performance.now() - began;
  }

  start(dir: string, args: string, stderr: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    return spawn(process.execPath, [PROGRAM, ...args.split(' ')], {
      cwd: dir,
      env: this.env,
      detached: true,
      stdio: ['ignore', 'ignore', stderr],
    });
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, CI: '', ...this.backing.env };
  }

  #write(things: number, hasReader = true): void {
    writeFileSync(join(this.dir, 'deployments/app.yaml'), deployment(things, hasReader, this.backing));
    mkdirSync(join(this.dir, 'services/web'), { recursive: true });
    writeFileSync(join(this.dir, 'services/web/things.txt'), `${things}\n`);
  }

  /** Declares so many things, and what reads them, or not. */
  commit(things: number, hasReader = true): void {
    this.#write(things, hasReader);
    this.git(this.dir, 'add', '--all');
    this.git(this.dir, 'commit', '--quiet', '--allow-empty', `--message=${things} things`);
    this.git(this.dir, 'push', '--quiet', 'origin', 'main');
  }

  /** Markers without a resource in the state, and resources without a marker. */
  lostResources(things: number): number {
    const markers = this.backing.markers(this);
    const { resources } = JSON.parse(this.backing.state(this)) as { resources: { instances: { attributes: { id: string } }[] }[] };
    const ids = resources.flatMap(({ instances }) => instances.map(({ attributes }) => attributes.id));
    const odd = [...markers.filter((id) => !ids.includes(id)), ...ids.filter((id) => !markers.includes(id))].length;
    return odd + Math.abs(ids.length - things);
  }

  /** The components that the ledger says are there. */
  components(): readonly string[] {
    const { targets } = JSON.parse(this.run(this.dir, '--format json status app').stdout) as { targets: { components: object }[] };
    return Object.keys(targets[0]?.components ?? {});
  }

  /** Outcomes of the release of the newest commit: one is right. */
  outcomes(): number {
    const commit = this.git(this.dir, 'rev-parse', 'HEAD');
    const { records } = JSON.parse(this.run(this.dir, '--format json history app --target dev --limit 12').stdout) as {
      records: { kind: string; commit: string; result: string | null }[];
    };
    return records.filter((record) => record.commit === commit && record.result === 'deployed').length;
  }

  /** What should not be there any more. */
  leftovers(): readonly string[] {
    // What a killed command had started ends by itself within a second or so, on a busy machine in a few.
    for (const until = performance.now() + SETTLING; ; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)) {
      const left = this.#leftNow();
      if (left.length === 0 || performance.now() > until) return left;
    }
  }

  #leftNow(): readonly string[] {
    const directories = [...namesIn(join(this.dir, '.atmos/runs')), ...namesIn(join(this.dir, '.atmos/cache/tmp'))];
    const locks = this.git(this.remote, 'for-each-ref', 'refs/atmos/locks')
      .split('\n')
      .filter((line) => line !== '');
    const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(this.base));
    const args = ['ps', '-a', '--no-trunc', '--filter', 'label=dev.atmos.deployment.owner', '--format', '{{.ID}} {{.Mounts}}'];
    const containers = spawnSync('docker', args, { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line.includes(this.base));
    return [...directories, ...locks, ...processes.map(commandOf), ...containers, ...controlGroups()];
  }

  async close(): Promise<void> {
    await this.backing.close();
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** Control groups of processes that are gone. */
function controlGroups(): readonly string[] {
  const found = spawnSync('find', ['/sys/fs/cgroup', '-name', 'atmos-*'], { encoding: 'utf8' }).stdout.split('\n');
  return found.filter((path) => isAbandoned(basename(path)));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
