import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const BIN = join(ROOT, 'dist/atmos-deployment.js');

/** A copy of the example to measure with. */
export interface Shop {
  readonly dir: string;
  /** Runs the program; returns milliseconds of the whole process. */
  run(args: string): number;
  close(): void;
}

export function newShop(): Shop {
  const base = mkdtempSync(join(tmpdir(), 'atmos-bench-'));
  const dir = join(base, 'shop');
  const remote = join(base, 'remote.git');
  cpSync(join(ROOT, 'deployments-example'), dir, { recursive: true });
  const git = (...args: readonly string[]): void => void execFileSync('git', ['-C', dir, ...args], { stdio: 'ignore' });
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Bench');
  git('config', 'user.email', 'bench@example.com');
  git('remote', 'add', 'origin', remote);
  const run = (args: string): number => timed(process.execPath, [BIN, ...args.split(' ')], dir);
  run('images build payment-service');
  git('add', '--all');
  git('commit', '--quiet', '--message=First');
  git('push', '--quiet', 'origin', 'main');
  return { dir, run, close: () => rmSync(base, { recursive: true, force: true }) };
}

/** Milliseconds of a whole process. @throws Error when it fails */
export function timed(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const elapsed = performance.now() - began;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return elapsed;
}

export function nodeAlone(): number {
  return timed(process.execPath, ['-e', '0'], '/');
}

export const PROGRAM = BIN;
