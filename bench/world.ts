import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isAbandoned } from '../containers/bubblewrap/cgroups.ts';
import { startPostgres } from '../test/real/e2e/postgres.ts';
import { PROGRAM } from './shop.ts';

/** A component whose resources leave a marker outside of Terraform's state when they are made, and take it away when they are destroyed. */
const module = (made: string, destroyed: string): string => `
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
const deployment = (things: number, hasReader: boolean, backend: string, secrets: string): string => `deployment:
  name: app
  components:
    terraform:
      things: { ${backend.replaceAll('NAME', 'things')}vars: { things: ${things} } }
${hasReader ? `      reader: { ${backend.replaceAll('NAME', 'reader')}vars: { ids: !terraform.output things ids } }\n` : ''}  targets: { dev: { ${secrets} } }
`;

/** Where a world keeps its state, and its markers. */
export interface Backing {
  readonly made: string;
  readonly destroyed: string;
  /** Of the component NAME, as YAML. */
  readonly backend: string;
  readonly secrets: string;
  readonly env: Readonly<Record<string, string>>;
  markers(world: World): readonly string[];
  /** The state of the component `things`, as JSON. */
  state(world: World): string;
  close(): Promise<void>;
}

/** `backend_type: local`: markers lie beside the state. */
export const LOCAL: Backing = {
  made: `mkdir -p /state/things; echo made > /state/things/\${self.id}`,
  destroyed: `rm -f /state/things/\${self.id}`,
  backend: '',
  secrets: '',
  env: {},
  markers: ({ dir }) => namesIn(join(dir, '.atmos/state/app/dev/terraform/things/things')),
  state: ({ dir }) => readFileSync(join(dir, '.atmos/state/app/dev/terraform/things/workspaces/dev/terraform.tfstate'), 'utf8'),
  close: async () => undefined,
};

/** `backend_type: pg`, a real PostgreSQL; markers are made over the network, since nothing of this machine is mounted. */
export async function inPostgres(): Promise<Backing> {
  const postgres = await startPostgres();
  const marks = mkdtempSync(join(tmpdir(), 'atmos-faults-marks-'));
  const server = new Worker(MARKS, { eval: true, workerData: marks });
  const port = await new Promise<number>((resolve) => server.once('message', resolve));
  const url = `http://${new URL(postgres.url).hostname}:${port}`;
  return {
    made: `wget -q -O /dev/null ${url}/made/\${self.id}`,
    destroyed: `wget -q -O /dev/null ${url}/destroyed/\${self.id}`,
    backend: 'backend_type: pg, backend: { pg: { schema_name: faults_NAME } }, ',
    secrets: 'secrets: { PG_CONN_STR: { env: STATE_URL } }',
    env: { STATE_URL: postgres.url },
    markers: () => readdirSync(marks),
    state: () => postgres.query("select data from faults_things.states where name = 'dev'"),
    async close() {
      await server.terminate();
      postgres.stop();
      rmSync(marks, { recursive: true });
    },
  };
}

/** In a thread of its own: this one waits for its children. */
const MARKS = `
const { parentPort, workerData } = require('node:worker_threads');
const { rmSync, writeFileSync } = require('node:fs');
const server = require('node:http').createServer((request, response) => {
  const [, what, id] = request.url.split('/');
  if (what === 'made') writeFileSync(workerData + '/' + id, ''); else rmSync(workerData + '/' + id, { force: true });
  response.end();
});
server.listen(0, () => parentPort.postMessage(server.address().port));
`;

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

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
      ['things', module(backing.made, backing.destroyed)],
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

  run(dir: string, args: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: dir, encoding: 'utf8', env: this.env });
  }

  start(dir: string, args: string): ChildProcess {
    return spawn(process.execPath, [PROGRAM, ...args.split(' ')], { cwd: dir, env: this.env, detached: true, stdio: 'ignore' });
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, CI: '', ...this.backing.env };
  }

  #write(things: number, hasReader = true): void {
    writeFileSync(join(this.dir, 'deployments/app.yaml'), deployment(things, hasReader, this.backing.backend, this.backing.secrets));
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
