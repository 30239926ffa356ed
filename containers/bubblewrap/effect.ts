import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cancellation, type NodeIo, shellWord } from '../../engine/index.ts';
import { PID_FILE, type RunDirectory, writeRunFile } from '../runs/directory.ts';
import type { Cgroups } from './cgroups.ts';
import { type Ended, exitCodeOf, readStatus, refuseInterrupted, Signals } from './command.ts';
import { type Confinement, FILTER_FD, say, WORDS_FD } from './launcher.ts';
import { ended, FORGET } from './process.ts';

/** How often it is looked whether a command that is to be signalled has begun, in milliseconds. */
const POLL = 40;

/** Hands on what it reads as long as somebody takes it, and then drops it: who writes is not to be held up, or ended, by our end. */
const relay = (to: number): string => `{ cat >&${to} 2>/dev/null; cat >/dev/null; }`;

/**
 * Runs a command of a shell so that what it writes reaches us, and goes nowhere once we are gone: it may hold secrets, and a file would keep them. The
 * command has none of the descriptors that this takes.
 */
const relayed = (command: string): string =>
  `exec 7>&1 8>&2; { { ${command}; } 2>&1 >&9 7>&- 8>&- 9>&- | ${relay(8)} 7>&- 9>&-; } 9>&1 | ${relay(7)} 8>&-`;

/** Writes its own pid and becomes the sandbox: there is no moment at which it runs and can't be found. */
const start = (prelude: string): string =>
  `exec ${WORDS_FD}<&0 </dev/null ${FILTER_FD}<"$2"; ${FORGET}\n${prelude}echo $$ > "$1/${PID_FILE}" && shift 2 && exec "$@"`;

/**
 * Runs a sandbox that goes on if this process is killed: in a session of its own, writing to pipes that do not break with us. It is told what to do by one command of a shell, which runs whole or, if we are killed while we write it, not at all.
 * Returns the command's exit code.
 * @throws AtmosError `sandbox` when the sandbox could not be made
 */
export async function runEffect(
  path: string,
  args: readonly string[],
  words: readonly string[],
  { filter, limits, network }: Confinement,
  cgroups: Cgroups,
  prelude: string,
  run: RunDirectory,
  io: Pick<NodeIo, 'log'>,
  cancellation: Cancellation,
): Promise<Ended> {
  refuseInterrupted(cancellation);
  const command = typeof network === 'string' ? [path, ...args] : network.within(join(run.path, 'network'), [path, ...args]);
  const group = cgroups.name();
  await writeRunFile(run, { runtime: 'bubblewrap', groups: group.dirs });
  await group.make();
  group.set(limits);
  const status = join(run.path, 'status');
  const file = await open(status, 'a');
  const signals = new Signals(cancellation, async () => readStatus(await readFile(status, 'utf8')).pid);
  const timer = setInterval(() => signals.retry(), POLL);
  let complaint = '';
  try {
    // Programs of this machine are found where they are by us; nothing of it reaches the command.
    const env = { PATH: process.env.PATH ?? '' };
    const child = spawn('/bin/sh', { env, detached: true, stdio: ['pipe', 'pipe', 'pipe', file.fd] });
    child.stdout?.on('data', (chunk: Buffer) => io.log('stdout', chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
      io.log('stderr', chunk);
    });
    const begin = ['/bin/sh', '-c', start(prelude), 'sh', run.path, filter ?? '/dev/null', ...command].map(shellWord).join(' ');
    const end = ended(child);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`{ ${group.join}\n${relayed(`${say(words)} | ${begin}`)}\n}\n`);
    await end;
  } finally {
    clearInterval(timer);
    signals.close();
    await file.close();
  }
  const hit = group.hit();
  await group.remove();
  return { exitCode: exitCodeOf(readStatus(await readFile(status, 'utf8')), cancellation, complaint), hit };
}
