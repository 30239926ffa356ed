import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { AtmosError, formatProcess, isGone, parseProcess, thisProcess } from '../../engine/index.ts';
import type { EngineName } from '../system/engines.ts';

/** Of the directories of tunnels; in each a file says whose it is. */
const PREFIX = 'atmos-ssh-';
const OWNER = 'owner';
const TIMEOUT = ['-o', 'ConnectTimeout=30', '-o', 'ServerAliveInterval=30'];

/**
 * The way to an engine on another machine: a socket here whose connections ssh(1) carries there, where the engine's own client hands them on
 * (`docker system dial-stdio`), as people's clients do it. ssh's configuration, keys, agent and known hosts count; it can't ask anything, since a
 * terminal's Ctrl-C must not reach it. One connection to that machine carries all, and ends with this process, however that ends.
 */
export class Tunnel {
  readonly socketPath: string;
  /** What was said there last when a connection was not handed on. */
  complaint: string | undefined;
  readonly #dir: string;
  readonly #master: ChildProcess;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(dir: string, master: ChildProcess, args: readonly string[]) {
    this.#dir = dir;
    this.#master = master;
    this.socketPath = join(dir, 'engine');
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#carry(socket, args));
  }

  /** `address`: `ssh://[user@]host[:port]`, for Podman with the path of its socket there. @throws AtmosError `no-engine` when ssh gets no connection */
  static async open(kind: EngineName, address: string): Promise<Tunnel> {
    sweep();
    const dir = mkdtempSync(join(tmpdir(), PREFIX));
    writeFileSync(join(dir, OWNER), formatProcess(thisProcess()));
    const there = [...TIMEOUT, '-S', join(dir, 'control'), ...destination(kind, new URL(address))];
    const master = start(['-M', ...there, 'cat']);
    try {
      await answers(master, address);
      const tunnel = new Tunnel(dir, master, [...there, ...dialer(kind, new URL(address))]);
      await new Promise<void>((resolve, reject) => {
        tunnel.#server.once('error', reject).listen(tunnel.socketPath, resolve);
      });
      tunnel.#server.unref();
      unref(master);
      return tunnel;
    } catch (error) {
      await end(master, dir);
      throw error;
    }
  }

  #carry(socket: Socket, args: readonly string[]): void {
    const child = start(args);
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      child.kill();
    });
    child.on('error', () => socket.destroy());
    child.stderr?.on('data', (chunk: Buffer) => {
      this.complaint = lastLine(chunk.toString('utf8')) ?? this.complaint;
    });
    // Whoever waits at the other end of the socket learns of it there.
    for (const stream of [socket, child.stdin as Writable]) stream.on('error', () => socket.destroy());
    socket.pipe(child.stdin as Writable);
    (child.stdout as Readable).pipe(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await end(this.#master, this.#dir);
  }
}

/** ssh removes its own socket when it ends: what is removed at the same time may stay. */
async function end(master: ChildProcess, dir: string): Promise<void> {
  if (master.pid !== undefined && master.exitCode === null && master.signalCode === null) {
    const ended = new Promise((resolve) => master.once('exit', resolve));
    master.ref();
    master.kill();
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
}

/** Removes what processes that are gone have left. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const dir = join(tmpdir(), name);
    try {
      const owner = parseProcess(readFileSync(join(dir, OWNER), 'utf8'));
      if (owner !== undefined && isGone(owner)) rmSync(dir, { recursive: true, force: true });
    } catch {
      // Another user's, or one that is being made or removed.
    }
  }
}

/** In a session of its own: no terminal's Ctrl-C reaches it. */
function start(args: readonly string[]): ChildProcess {
  return spawn('ssh', ['-T', ...args], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** It ends when we do: what it reads ends then. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket).unref();
}

function destination(kind: EngineName, { username, hostname, port }: URL): readonly string[] {
  const key = kind === 'podman' ? process.env.CONTAINER_SSHKEY : undefined;
  return [
    ...(key === undefined || key === '' ? [] : ['-i', key]),
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    ...(port === '' ? [] : ['-p', port]),
    ...['--', hostname],
  ];
}

/** The command that joins its own input and output to the engine there. */
function dialer(kind: EngineName, { pathname }: URL): readonly string[] {
  const socket =
    pathname === '' || pathname === '/' ? [] : [kind === 'docker' ? '--host' : '--url', `unix://${decodeURIComponent(pathname)}`];
  return [kind, ...socket.map((word) => `'${word.replaceAll("'", "'\\''")}'`), 'system', 'dial-stdio'];
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1) || undefined;
}

/** Until what is written there comes back. */
async function answers(master: ChildProcess, address: string): Promise<void> {
  let complaint = '';
  master.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
  });
  master.stdin?.on('error', () => undefined);
  master.stdin?.write('\n');
  try {
    await new Promise<void>((resolve, reject) => {
      master.stdout?.once('data', () => resolve());
      master.once('error', reject);
      master.once('exit', (code) => reject(new Error(`ssh exited with code ${code}`)));
    });
  } catch (cause) {
    const said = lastLine(complaint) ?? (cause as Error).message;
    throw new AtmosError(`cannot connect to ${address} over SSH: ${said}`, {
      kind: 'environment',
      code: 'no-engine',
      hint: `try: ssh ${['-T', ...destination('docker', new URL(address)).filter((word) => word !== '--')].join(' ')} true   (it must need no password: a key in ssh-agent, a known host)`,
      cause,
    });
  }
}
