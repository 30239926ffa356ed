import { spawn } from 'node:child_process';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellation, NodeIo } from '../../engine/index.ts';
import { quote } from '../kept.ts';
import { PID_FILE, type RunDirectory, writeRunFile } from '../runs.ts';
import type { Cgroups } from './cgroups.ts';
import { type Ended, ended, exitCodeOf, FORGET, readStatus, refuseInterrupted, Signals } from './command.ts';
import { type Confinement, FILTER_FD, say, WORDS_FD } from './launcher.ts';

/** How often the log is looked at, in milliseconds. */
const POLL = 40;

/** Writes its own pid and becomes the sandbox: there is no moment at which it runs and can't be found. */
const START = `exec ${WORDS_FD}<&0 </dev/null ${FILTER_FD}<"$2"; ${FORGET}; echo $$ > "$1/${PID_FILE}" && shift 2 && exec "$@"`;

/**
 * Runs a sandbox that goes on if this process is killed: in a session of its own, writing to files of its run directory instead of pipes, which
 * would break with us. It is told what to do by one command of a shell, which runs whole or, if we are killed while we write it, not at all.
 * Returns the command's exit code.
 * @throws AtmosError `sandbox` when the sandbox could not be made
 */
export async function runEffect(
  path: string,
  args: readonly string[],
  words: readonly string[],
  { filter, limits, networks }: Confinement,
  cgroups: Cgroups,
  run: RunDirectory,
  io: Pick<NodeIo, 'log'>,
  cancellation: Cancellation,
): Promise<Ended> {
  refuseInterrupted(cancellation);
  const command = networks === undefined ? [path, ...args] : networks.within(join(run.path, 'network'), [path, ...args]);
  const group = cgroups.name();
  await writeRunFile(run, { runtime: 'bubblewrap', groups: group.dirs });
  group.make();
  group.set(limits);
  const names = ['stdout', 'stderr', 'status'].map((name) => join(run.path, name));
  const files = await Promise.all(names.map((name) => open(name, 'a')));
  const [stdout, stderr, status] = names as [string, string, string];
  const tails = [new Tail(stdout, (chunk) => io.log('stdout', chunk)), new Tail(stderr, (chunk) => io.log('stderr', chunk))];
  const signals = new Signals(cancellation, async () => readStatus(await readFile(status, 'utf8')).pid);
  const timer = setInterval(() => {
    for (const tail of tails) void tail.read();
    signals.retry();
  }, POLL);
  try {
    const fds = files.map(({ fd }) => fd);
    // Programs of this machine are found where they are by us; nothing of it reaches the command.
    const env = { PATH: process.env.PATH ?? '' };
    const child = spawn('/bin/sh', { env, detached: true, stdio: ['pipe', ...fds] });
    const begin = ['/bin/sh', '-c', START, 'sh', run.path, filter ?? '/dev/null', ...command].map(quote).join(' ');
    const end = ended(child);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`{ ${group.join}\n${say(words)} | ${begin}\n}\n`);
    await end;
  } finally {
    clearInterval(timer);
    signals.close();
    await Promise.all(files.map((file) => file.close()));
  }
  for (const tail of tails) await tail.close();
  const hit = group.hit();
  await group.remove();
  const exitCode = exitCodeOf(readStatus(await readFile(status, 'utf8')), cancellation, (await readFile(stderr, 'utf8')).slice(-2000));
  return { exitCode, hit };
}

/** Hands on what is added to a file. */
class Tail {
  readonly #path: string;
  readonly #take: (chunk: Uint8Array) => void;
  #file: Promise<FileHandle> | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string, take: (chunk: Uint8Array) => void) {
    this.#path = path;
    this.#take = take;
  }

  read(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readOn());
    return this.#reading;
  }

  async close(): Promise<void> {
    await this.read();
    await (await this.#file)?.close();
  }

  async #readOn(): Promise<void> {
    this.#file ??= open(this.#path, 'r');
    const file = await this.#file;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, null);
      if (bytesRead === 0) return;
      this.#take(buffer.subarray(0, bytesRead));
    }
  }
}
