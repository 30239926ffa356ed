import { AtmosError } from '../../engine/index.ts';
import { type Answer, callGit } from './call.ts';

/** How a user stops what waits for a remote. */
export interface Stop {
  /** Asks to stop; what must be recorded still is. */
  readonly interrupt: AbortSignal;
  /** Stops whatever it is. */
  readonly force: AbortSignal;
}

export interface NetworkOptions {
  readonly cwd: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Stops the call, and the pauses between two. */
  readonly signal: AbortSignal | undefined;
}

/** How long a remote that does not get through is asked again, in milliseconds: for what is only shown, for what is about to be done, and for what was. */
export const TIMEOUT = { query: 8_000, command: 45_000, outcome: 90_000 } as const;
export type Patience = keyof typeof TIMEOUT;

/** After how long people are told that a remote is waited for, in milliseconds. */
export const LONG_WAIT = 5000;

/** How long a remote may say nothing at all before a call to it is ended, in milliseconds. */
const SILENCE = 20_000;

/** Over HTTP, Git itself gives up on a server that sends nothing: also where nobody is left to end it. */
const ENVIRONMENT = { GIT_HTTP_LOW_SPEED_LIMIT: '1', GIT_HTTP_LOW_SPEED_TIME: String(SILENCE / 1000) };

/**
 * One call of Git to a remote. One that is silent for too long is ended, and counts as one that did not get through; so does one that the user ends.
 * @throws AtmosError `git-missing`, `interrupted`
 */
export async function callRemote(args: readonly string[], { cwd, input, env, signal }: NetworkOptions): Promise<Answer> {
  refuseAborted(signal);
  const all = Array.from({ length: 256 }, (_, code) => code);
  const answer = await callGit(args, {
    cwd,
    env: { ...ENVIRONMENT, ...env },
    answers: all,
    silence: SILENCE,
    signal,
    ...(input === undefined ? {} : { input }),
  });
  if (answer.code !== 0) refuseAborted(signal);
  return { ...answer, stderr: withoutProgress(answer.stderr) };
}

/** What Git says on the way, so that a call which gets on is told from one that hangs, is no part of what went wrong. */
function withoutProgress(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .filter(
      (line) =>
        !/^(remote: )?(Enumerating|Counting|Compressing|Writing|Receiving|Resolving|Unpacking|Total|Delta|Reused)\b.*(objects|deltas|\d)/.test(
          line,
        ),
    )
    .join('\n')
    .trim();
}

/**
 * Whether a call that failed may get through when it is reproduced: the server was overloaded or silent, or the line was cut. What it refuses, and
 * what is not there, stays so.
 */
export function isPassing({ code, stderr }: Answer): boolean {
  if (code === 0) return false;
  if (
    /authentication failed|permission denied|access denied|could not read (username|password)|returned error: (400|401|403|404)/i.test(
      stderr,
    )
  )
    return false;
  return (
    code === ENDED ||
    /returned error: (408|425|429|5\d\d)|HTTP (408|425|429|5\d\d)|error 5\d\d|curl (7|16|18|28|35|52|55|56|92) /i.test(stderr) ||
    /timed? ?out|too slow|connection (was )?(reset|closed|aborted)|broken pipe|empty reply|unexpected (disconnect|eof)|early eof/i.test(
      stderr,
    ) ||
    /hung up|transfer closed|rpc failed|couldn't connect|failed to connect|connection refused|network is unreachable|no route to host/i.test(
      stderr,
    ) ||
    /could not resolve (host|proxy)|temporary failure|expected flush|bad (pack|line length)|invalid index-pack|did not send all/i.test(
      stderr,
    )
  );
}

/** The exit code that stands for a call that was ended by us. */
const ENDED = 128 + 15;

/** A pause between two attempts, longer each time and never the same for two who wait: milliseconds. */
export function pauseBefore(attempt: number): number {
  return Math.min(4_000, 150 * 2 ** attempt) * (0.5 + Math.random());
}

/** @throws AtmosError `interrupted` */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(interrupted());
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(interrupted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** @throws AtmosError `interrupted` */
function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw interrupted();
}

function interrupted(): AtmosError {
  return new AtmosError('stopped while waiting for the remote', {
    kind: 'interrupted',
    code: 'interrupted',
    hint: 'rerun to continue',
  });
}
