import { AtmosError, type Cancellation, isObject, type NodeIo } from '../../engine/index.ts';
import type { LimitHit } from './controllers.ts';
import type { Confinement, Launcher, Sinks } from './launcher.ts';
import { endProcess } from './process.ts';

/** What `bwrap` says of the command inside: its pid, and its exit code once it has run. */
export interface SandboxStatus {
  readonly pid: number | undefined;
  readonly exitCode: number | undefined;
}

/** How a command ended, and the limit that it ran into on the way. */
export interface Ended {
  readonly exitCode: number;
  readonly hit: LimitHit | undefined;
}

/** Reads what `--json-status-fd` wrote: a JSON object a line. */
export function readStatus(text: string): SandboxStatus {
  let status: SandboxStatus = { pid: undefined, exitCode: undefined };
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const message = parse(line);
    if (typeof message['child-pid'] === 'number') status = { ...status, pid: message['child-pid'] };
    if (typeof message['exit-code'] === 'number') status = { ...status, exitCode: message['exit-code'] };
  }
  return status;
}

/** A line that is being written is none yet. */
function parse(line: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * Runs `bwrap`, which reads `words` as further arguments, to its end and hands interrupts on to the command inside. The exit code is 128 and the signal's number when one ended the
 * command.
 * @throws AtmosError `sandbox` when the sandbox could not be made: then the command never ran.
 */
export async function runSandbox(
  launcher: Launcher,
  argv: readonly string[],
  words: readonly string[],
  confinement: Confinement,
  io: Pick<NodeIo, 'log'>,
  cancellation: Cancellation,
): Promise<Ended> {
  refuseInterrupted(cancellation);
  let complaint = '';
  let said = '';
  const signals = new Signals(cancellation, async () => readStatus(said).pid);
  const sinks: Sinks = {
    stdout: (chunk) => io.log('stdout', chunk),
    stderr: (chunk) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
      io.log('stderr', chunk);
    },
    status: (chunk) => {
      said += chunk.toString('utf8');
      signals.retry();
    },
  };
  let hit: LimitHit | undefined;
  try {
    hit = await launcher.run(argv, words, confinement, sinks);
  } catch (error) {
    // A sandbox whose command is another user than its maker does not end with that.
    const { pid } = readStatus(said);
    if (pid !== undefined) endProcess(pid);
    throw error;
  } finally {
    signals.close();
  }
  return { exitCode: exitCodeOf(readStatus(said), cancellation, complaint), hit };
}

export function refuseInterrupted({ interrupt }: Cancellation): void {
  if (interrupt.aborted) throw new AtmosError('canceled before it started', { kind: 'interrupted', code: 'not-started' });
}

/** @throws AtmosError `sandbox` when there is none, for then the command never ran */
export function exitCodeOf({ exitCode }: SandboxStatus, { force }: Cancellation, complaint: string): number {
  if (exitCode !== undefined) return exitCode;
  if (force.aborted) return 137;
  throw new AtmosError(`the sandbox could not be made: ${complaint.trim()}`, { kind: 'environment', code: 'sandbox' });
}

/** Hands interrupts on to a command, as soon as its pid is known. */
export class Signals {
  readonly #cancellation: Cancellation;
  readonly #pid: () => Promise<number | undefined>;
  #pending: 'SIGINT' | 'SIGKILL' | undefined;
  readonly #onInterrupt = (): void => this.#send('SIGINT');
  readonly #onForce = (): void => this.#send('SIGKILL');

  constructor(cancellation: Cancellation, pid: () => Promise<number | undefined>) {
    this.#cancellation = cancellation;
    this.#pid = pid;
    cancellation.interrupt.addEventListener('abort', this.#onInterrupt, { once: true });
    cancellation.force.addEventListener('abort', this.#onForce, { once: true });
  }

  /** To be called when the pid may have become known. */
  retry(): void {
    if (this.#pending !== undefined) this.#send(this.#pending);
  }

  close(): void {
    this.#cancellation.interrupt.removeEventListener('abort', this.#onInterrupt);
    this.#cancellation.force.removeEventListener('abort', this.#onForce);
  }

  #send(signal: 'SIGINT' | 'SIGKILL'): void {
    this.#pending = signal;
    this.#pid()
      .then((pid) => {
        if (pid === undefined) return;
        this.#pending = undefined;
        process.kill(pid, signal);
      })
      // It has ended in between: its exit code says how.
      .catch(() => undefined);
  }
}
