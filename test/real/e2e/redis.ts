import { spawn, spawnSync } from 'node:child_process';
import { vi } from 'vitest';
import { limit } from '../../pace.ts';
import { freePort } from './ports.ts';

/** A real server of our own, which asks for a password. */
export interface Redis {
  /** With the password in it. */
  readonly url: string;
  /** Asks as its own client does. */
  ask(...args: readonly string[]): string;
  stop(): void;
}

export async function startRedis(password: string): Promise<Redis> {
  const port = await freePort();
  const server = spawn('redis-server', ['--port', String(port), '--save', '', '--requirepass', password], { stdio: 'ignore' });
  const ask = (...args: readonly string[]): string =>
    spawnSync('redis-cli', ['-p', String(port), '--no-auth-warning', '-a', password, ...args], { encoding: 'utf8' }).stdout.trim();
  await vi.waitUntil(() => ask('ping') === 'PONG', { timeout: limit(10_000), interval: 100 });
  return { url: `redis://:${password}@127.0.0.1:${port}`, ask, stop: () => void server.kill() };
}
