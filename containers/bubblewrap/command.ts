import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AtmosError, type Cancellation, isObject, type NodeIo } from '../../engine/index.ts';

/**
 * Runs `bwrap` to its end and hands interrupts on to the command inside. Returns the command's exit code (128 and the signal's number when
 * one ended it).
 * @throws AtmosError `sandbox` when the sandbox could not be made: then the command never ran.
 */
export async function runSandbox(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  io: Pick<NodeIo, 'log'>,
  { interrupt, force }: Cancellation,
): Promise<number> {
  if (interrupt.aborted) throw new AtmosError('interrupted before it started', { kind: 'interrupted', code: 'interrupted' });
  // In a session of its own: a terminal's Ctrl-C reaches us alone, and the command through us.
  const child = spawn(path, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stdout?.on('data', (chunk: Uint8Array) => io.log('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
    io.log('stderr', chunk);
  });

  let pid: number | undefined;
  let exitCode: number | undefined;
  let pending: 'SIGINT' | 'SIGKILL' | undefined;
  const signal = (name: 'SIGINT' | 'SIGKILL'): void => {
    pending = name;
    if (pid !== undefined) kill(pid, name);
  };
  const status = child.stdio[3] as Readable;
  readStatus(status, (message) => {
    if (typeof message['child-pid'] === 'number') {
      pid = message['child-pid'];
      if (pending !== undefined) kill(pid, pending);
    }
    if (typeof message['exit-code'] === 'number') exitCode = message['exit-code'];
  });
  const onInterrupt = (): void => signal('SIGINT');
  const onForce = (): void => signal('SIGKILL');
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  force.addEventListener('abort', onForce, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => resolve());
    });
  } finally {
    interrupt.removeEventListener('abort', onInterrupt);
    force.removeEventListener('abort', onForce);
  }
  if (exitCode !== undefined) return exitCode;
  if (force.aborted) return 137;
  throw new AtmosError(`the sandbox could not be made: ${complaint.trim()}`, { kind: 'environment', code: 'sandbox' });
}

/** Lines of JSON that bwrap writes: the command's pid, then its exit code once it has run. */
function readStatus(stream: Readable, take: (message: { readonly [key: string]: unknown }) => void): void {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const message: unknown = JSON.parse(text.slice(0, end));
      text = text.slice(end + 1);
      if (isObject(message)) take(message);
    }
  });
}

function kill(pid: number, signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between: its exit code says how.
  }
}
