import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { onTestFinished } from 'vitest';
import { useCommand } from '../command.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
export const BIN = join(ROOT, 'dist/atmos-deployment.js');

const LOCK = 'deployments/payment-service.lock.yaml';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--format json` printed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many forms
  readonly json: any;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another program than the one that was built here. */
  readonly bin?: string;
  /** Given the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** A copy of the example with a Git repository, a remote, and an image that is pinned and committed. */
export interface Shop {
  readonly dir: string;
  readonly remote: string;
  run(args: string, options?: CallOptions): Promise<Answer>;
  /** Asks for JSON. */
  ask(args: string, options?: CallOptions): Promise<Answer>;
  git(...args: readonly string[]): string;
  read(path: string): string;
  /** Writes a file, or changes it, and commits. */
  commit(path: string, content: string | ((before: string) => string)): void;
}

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'atmos-e2e-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function newShop(): Promise<Shop> {
  const dir = join(temporary(), 'shop');
  cpSync(join(ROOT, 'deployments-example'), dir, { recursive: true });
  return published(dir, LOCK);
}

/** Makes a directory a repository with a remote and a full cache, pins the images in `lock`, commits and pushes. */
function published(dir: string, lock: string): Shop {
  const template = process.env.ATMOS_E2E_TEMPLATE;
  if (template === undefined) throw new Error('no template: see test/real/setup.ts');
  useCommand(dir);
  const remote = join(dirname(dir), 'remote.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  const shop = openShop(dir, remote);
  shop.git('init', '--quiet', '--initial-branch=main');
  identify(shop);
  shop.git('remote', 'add', 'origin', remote);
  mkdirSync(join(dir, '.atmos'));
  execFileSync('cp', ['-al', join(template, '.atmos/cache'), join(dir, '.atmos/cache')]);
  cpSync(join(template, LOCK), join(dir, lock));
  shop.git('add', '--all');
  shop.git('commit', '--quiet', '--message=An application');
  shop.git('push', '--quiet', 'origin', 'main');
  return shop;
}

/** A repository of one's own: `files` by path, a deployment `name` among them; images are pinned, all is committed and pushed. */
export function newApp(files: Readonly<Record<string, string>>, name = 'app'): Shop {
  const dir = join(temporary(), 'app');
  mkdirSync(join(dir, 'deployments'), { recursive: true });
  const all = { 'atmos.yaml': 'base_path: ""\n', '.gitignore': '.atmos/\n', ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return published(dir, `deployments/${name}.lock.yaml`);
}

/** How many resources the local states of a target of `app` hold, by component; those that hold none are left out. */
export function resourcesOf({ dir }: Shop, target: string): Readonly<Record<string, number>> {
  const root = join(dir, '.atmos/state/app', target, 'terraform');
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('terraform.tfstate'));
  const counts = found.map((path): [string, number] => {
    const { resources } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { resources: { instances: unknown[] }[] };
    return [path.split('/')[0] ?? '', resources.flatMap(({ instances }) => instances).length];
  });
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** Another clone of a shop's remote, somewhere else. */
export function cloneShop({ remote }: Shop, flags: readonly string[] = []): Shop {
  const dir = join(temporary(), 'elsewhere/deep/clone');
  execFileSync('git', ['clone', '--quiet', ...flags, `file://${remote}`, dir]);
  const shop = openShop(dir, remote);
  identify(shop);
  return shop;
}

function identify(shop: Shop): void {
  shop.git('config', 'user.name', 'Ana');
  shop.git('config', 'user.email', 'ana@example.com');
}

function openShop(dir: string, remote: string): Shop {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
  const run = (args: string, options: CallOptions = {}): Promise<Answer> => call(args.split(' '), { cwd: dir, ...options });
  return {
    dir,
    remote,
    git,
    run,
    ask: async (args, options) => asPublished(args, await run(`--format json ${args}`, options)),
    read: (path) => readFileSync(join(dir, path), 'utf8'),
    commit(path, content) {
      const text = typeof content === 'string' ? content : content(readFileSync(join(dir, path), 'utf8'));
      writeFileSync(join(dir, path), text);
      git('add', '--all');
      git('commit', '--quiet', `--message=Change ${path}`);
    },
  };
}

const checks = new Map<string, ValidateFunction>();

/** Fails where an answer is not what its published schema says. */
function asPublished(args: string, answer: Answer): Answer {
  // SARIF has a schema of its own.
  if (answer.json === undefined || answer.json.version === '2.1.0') return answer;
  const words = args
    .replace(/--chdir \S+/, '')
    .split(' ')
    .filter((word) => word !== '' && !word.startsWith('-'));
  const command =
    answer.json.error !== undefined
      ? 'error'
      : ['state', 'images', 'cache', 'tracking'].includes(words[0] ?? '') || ['show', 'export'].includes(words[1] ?? '')
        ? `${words[0]}-${words[1]}`
        : words[0];
  const file = join(dirname(BIN), `schemas/answers/${command}.json`);
  const check = checks.get(file) ?? new Ajv2020({ strict: false, allErrors: false }).compile(JSON.parse(readFileSync(file, 'utf8')));
  checks.set(file, check);
  if (!check(answer.json)) throw new Error(`${args}: not as published: ${JSON.stringify(check.errors)}`);
  return answer;
}

/** Runs the built program as a user would. */
export function call(args: readonly string[], { env = {}, cwd, bin = BIN, onStart }: CallOptions): Promise<Answer> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd,
      // In CI a command waits in line for a lock: a test that wants that says so.
      env: { ...process.env, NO_COLOR: '1', CI: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', reject);
    onTestFinished(() => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // The test ran out of time: what it waited for is said, and does not outlive it.
      const processes = execFileSync('ps', ['axfww', '-o', 'pid,etimes,stat,wchan:20,args'], { encoding: 'utf8' });
      process.stderr.write(
        `"${args.join(' ')}" (pid ${child.pid}) did not end. It printed:\n${stdout}${stderr}\nThe processes:\n${processes}\n`,
      );
      child.kill('SIGKILL');
    });
    child.on('close', (code) => {
      const isJson = args.includes('--format') && args[args.indexOf('--format') + 1] === 'json';
      const json: unknown = isJson && stdout !== '' ? JSON.parse(stdout) : undefined;
      done({ code: code ?? -1, stdout, stderr, json });
    });
    onStart?.(child);
  });
}
