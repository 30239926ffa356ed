import type Docker from 'dockerode';
import { AtmosError, errorCode } from '../../engine/index.ts';

export interface WaitOptions {
  /** Ends the waiting, not the container. */
  readonly signal?: AbortSignal;
  /** It goes on where it is when the engine can't be reached any more. */
  readonly isEffect: boolean;
  /** It was started just now: there is no need to look at it first. */
  readonly isStarted?: boolean;
  /** What is thrown when `signal` aborts. */
  readonly interruption?: () => AtmosError;
}

/** How long one call to wait may last before the container is looked at, in milliseconds: a connection that was cut silently answers never. */
const ROUND = 12_000;
/** How long an engine may be silent to everything before it counts as lost. */
const LOST = 20_000;
/** How long it may take to answer what it can answer at once. */
const ANSWER = 5_000;
/** How often an engine that does not know yet how a container ended is asked again. */
const UNSETTLED = 50;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 3_000;

/**
 * Waits until a container has ended, in rounds: a connection that is cut, or idles out, or never answers, is not the end of it. After each round, and
 * after each failure, the container is looked at.
 * @returns its exit code, and whether it still ran; `undefined` when there is no such container
 * @throws AtmosError `engine-lost` when the engine answers nothing for a while
 */
export async function awaitEnd(
  container: Docker.Container,
  { signal, isEffect, isStarted = false, interruption }: WaitOptions,
): Promise<{ readonly exitCode: number; readonly waited: boolean } | undefined> {
  const patience = new Patience(isEffect);
  let waited = isStarted;
  let unsettled = 0;
  for (let look = !isStarted; ; look = true) {
    if (signal?.aborted === true && interruption !== undefined) throw interruption();
    try {
      if (look) {
        const { State } = await within(ANSWER, container.inspect());
        patience.answered();
        const isOver = !State.Running && State.Status !== 'created';
        if (isOver && (State.ExitCode >= 0 || unsettled === UNSETTLED)) return { exitCode: State.ExitCode, waited };
        if (isOver) {
          unsettled += 1;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        waited = true;
      }
      const ended: unknown = await Promise.race([within(ROUND, container.wait()), aborted(signal)]);
      // Podman may not know yet how it ended: then it says so by a code that is none, and is looked at.
      const { StatusCode } = (ended ?? { StatusCode: -1 }) as { StatusCode: number };
      if (StatusCode >= 0) return { exitCode: StatusCode, waited };
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      // A wait that lasted a whole round says nothing of the engine: it is asked next.
      if (!(error instanceof TooLong && error.limit === ROUND)) await patience.after(error);
    }
  }
}

/** Starts a created container, also over a connection that is cut while the engine answers. @throws AtmosError `engine-lost` */
export async function startContainer(container: Docker.Container, isEffect: boolean): Promise<void> {
  const patience = new Patience(isEffect);
  for (let isFirst = true; ; isFirst = false) {
    try {
      if (!isFirst && (await within(ANSWER, container.inspect())).State.Status !== 'created') return;
      await within(ROUND, container.start());
      return;
    } catch (error) {
      // It had been started after all.
      if ((error as { statusCode?: number }).statusCode === 304) return;
      await patience.after(error);
    }
  }
}

/** Calls something that may be called again, until the engine has answered. @throws AtmosError `engine-lost` */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  const patience = new Patience(false);
  for (;;) {
    try {
      return await within(ROUND, call());
    } catch (error) {
      await patience.after(error);
    }
  }
}

/** How long failures of a connection are borne: each is followed by a pause, longer each time, until the engine has been silent for too long. */
class Patience {
  readonly #isEffect: boolean;
  #answeredAt = performance.now();
  #pause = FIRST_PAUSE;

  constructor(isEffect: boolean) {
    this.#isEffect = isEffect;
  }

  answered(): void {
    this.#answeredAt = performance.now();
    this.#pause = FIRST_PAUSE;
  }

  /** @throws whatever is no failure of a connection; AtmosError `engine-lost` */
  async after(error: unknown): Promise<void> {
    if (!isLostConnection(error)) throw error;
    if (performance.now() - this.#answeredAt > LOST) throw engineLost(error, this.#isEffect);
    await new Promise((resolve) => setTimeout(resolve, this.#pause * (0.5 + Math.random())));
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }
}

class TooLong extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`no answer within ${limit / 1000} s`);
    this.limit = limit;
  }
}

/** A call's answer, if it comes in time. @throws TooLong */
export async function within<T>(limit: number, call: Promise<T>): Promise<T> {
  call.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      call,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new TooLong(limit)), limit);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<undefined> {
  if (signal === undefined) return new Promise(() => undefined);
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** Whether a call failed for want of a connection, and not by what the engine said. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof TooLong) return true;
  const { statusCode, syscall, message = '' } = error as { statusCode?: number; syscall?: string; message?: string };
  // A file of ours that is missing is another matter than a socket that is.
  if (errorCode(error) === 'ENOENT') return syscall === 'connect';
  if (statusCode !== undefined) return statusCode >= 502 && statusCode <= 504;
  const codes = ['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'];
  return codes.includes(errorCode(error) ?? '') || /socket hang up|aborted|premature close|JSON/i.test(message);
}

export function engineLost(cause: unknown, isEffect: boolean): AtmosError {
  return new AtmosError(`lost connection to the container engine${isEffect ? '; the apply continues there' : ''}`, {
    kind: 'environment',
    code: 'engine-lost',
    hint: isEffect
      ? 'when the engine can be reached again, rerun: the next command waits for it, and records how it ended'
      : 'see whether it runs, and rerun',
    cause,
  });
}
