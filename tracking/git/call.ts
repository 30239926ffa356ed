import type { ChildProcess } from 'node:child_process';
import { AtmosError, errorCode } from '../../engine/index.ts';
import { gitEnvironment } from './environment.ts';
import { childProcess } from './process.ts';

export interface CallOptions {
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  /** `undefined` for what is not to be there. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Exit codes that are an answer, not an error. */
  readonly answers?: readonly number[];
  /** Milliseconds after which a call that says nothing is ended: of those that go over a network. */
  readonly silence?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs one git command.
 * @throws AtmosError `git-missing`, or `git-failed` with what git said.
 */
export async function callGit(args: readonly string[], { cwd, input, env, answers = [0], silence, signal }: CallOptions): Promise<Answer> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const child = childProcess().spawn('git', args, {
      cwd,
      env: gitEnvironment(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      // Whoever kills us and all our group does not catch Git with a lock file in its hand.
      detached: true,
    });
    const watch = silence === undefined ? undefined : new Watch(child, silence, signal);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      watch?.heard();
      stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      watch?.heard();
      stderr.push(chunk);
    });
    child.on('error', (cause) => reject(missing(cause)));
    child.on('close', (code) => {
      watch?.close();
      const said = Buffer.concat(stderr).toString('utf8');
      resolve({
        code: code ?? 143,
        stdout: Buffer.concat(stdout),
        stderr: watch?.wasSilent === true ? `${said}\nno answer within ${(silence ?? 0) / 1000} s` : said,
      });
    });
    // A command that ends early closes its input: its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
  if (answers.includes(answer.code)) return answer;
  throw new AtmosError(`git ${args[0]} failed: ${answer.stderr.trim() || `exit code ${answer.code}`}`, {
    kind: 'environment',
    code: 'git-failed',
  });
}

/** Calls that go over a network: none outlives this process. */
const live = new Set<ChildProcess>();
let isWatching = false;

/** Ends a call that is silent for too long, or that nobody waits for any more. */
class Watch {
  readonly #child: ChildProcess;
  readonly #silence: number;
  readonly #signal: AbortSignal | undefined;
  readonly #end = (): void => endCall(this.#child);
  #timer: NodeJS.Timeout;
  wasSilent = false;

  constructor(child: ChildProcess, silence: number, signal: AbortSignal | undefined) {
    this.#child = child;
    this.#silence = silence;
    this.#signal = signal;
    this.#timer = this.#start();
    live.add(child);
    watchSignals();
    signal?.addEventListener('abort', this.#end, { once: true });
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  close(): void {
    clearTimeout(this.#timer);
    live.delete(this.#child);
    this.#signal?.removeEventListener('abort', this.#end);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.wasSilent = true;
      endCall(this.#child);
    }, this.#silence);
  }
}

/** Ends a call with all that it started: Git leaves the network to programs of its own. */
function endCall({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
}

/** Where nothing else handles a signal it ends this process, as it would have; but not before what it started. */
function watchSignals(): void {
  if (isWatching) return;
  isWatching = true;
  const endAll = (): void => live.forEach(endCall);
  process.on('exit', endAll);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      if (process.listenerCount(name) > 1) return;
      endAll();
      process.removeListener(name, onSignal);
      process.kill(process.pid, name);
    };
    process.on(name, onSignal);
  }
}

/** What a command that could not be started failed with, for the reader. */
export function missing(cause: unknown): unknown {
  if (errorCode(cause) !== 'ENOENT') return cause;
  return new AtmosError('there is no git command on this machine', {
    kind: 'environment',
    code: 'git-missing',
    hint: 'install it: sudo apt-get install git',
    cause,
  });
}
