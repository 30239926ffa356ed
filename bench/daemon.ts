import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A Docker of our own beside the machine's, which may be stopped and started. As root. */
export class Daemon {
  readonly #dir = mkdtempSync(join(tmpdir(), 'atmos-dockerd-'));
  readonly #bridge = `atmos${process.pid % 10_000}`;
  readonly host = `unix://${this.#dir}/docker.sock`;

  constructor() {
    execFileSync('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', '172.31.249.1/24', 'dev', this.#bridge]);
    execFileSync('ip', ['link', 'set', this.#bridge, 'up']);
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#dir, 'log'), 'a');
    const places = ['--data-root', join(this.#dir, 'data'), '--exec-root', join(this.#dir, 'exec'), '--pidfile', this.#pidFile];
    const network = ['--bridge', this.#bridge, '--iptables=false', '--ip-masq=false'];
    spawn('dockerd', [...places, ...network, '--host', this.host], { detached: true, stdio: ['ignore', log, log] }).unref();
    await until(() => spawnSync('docker', ['--host', this.host, 'version'], { stdio: 'ignore' }).status === 0);
  }

  /** `SIGTERM`, as an init system stops it: it ends its containers, and then itself. Killed, it leaves them to be ended when it is started again. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const pid = readFileSync(this.#pidFile, 'utf8');
    const below = join(this.#dir, 'exec/containerd/containerd.pid');
    const containerd = existsSync(below) ? readFileSync(below, 'utf8') : undefined;
    process.kill(Number(pid), signal);
    await until(() => !existsSync(`/proc/${pid}`));
    // It dies with its parent, a moment later: who starts meanwhile takes it for alive.
    await until(() => containerd === undefined || !existsSync(`/proc/${containerd}`));
    rmSync(this.#pidFile, { force: true });
  }

  async close(): Promise<void> {
    if (existsSync(this.#pidFile)) await this.stop();
    execFileSync('ip', ['link', 'delete', this.#bridge]);
    // One that was killed did not unmount all that it had.
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .flatMap((line) => line.split(' ')[1] ?? []);
    for (const path of mounts.filter((one) => one.startsWith(this.#dir)).reverse()) spawnSync('umount', ['--lazy', path]);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  get #pidFile(): string {
    return join(this.#dir, 'pid');
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (holds()) return;
    await setTimeout(100);
  }
  throw new Error('it takes too long');
}
