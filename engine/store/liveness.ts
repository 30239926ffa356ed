import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../base/errors.ts';
import { formatProcess, isGone, type ProcessIdentity, thisProcess } from '../base/process.ts';

/** How often a process that uses a store gives a sign of life, in milliseconds. */
const BEAT = 10_000;
/** How long another process must see none before it counts as gone. */
const LEASE = 45_000;
/** How old the last sign may be for a process that looks for the first time: clocks of machines that share a disk differ. */
const FORGOTTEN = 15 * 60_000;

/**
 * Which processes that use a store still live. Those of this machine, boot and pid namespace are looked up; of others (a container that was killed, a
 * machine that was started again) only their signs of life tell: the time of their directory in `tmp/`.
 */
export class Liveness {
  readonly #root: string;
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly mtime: number; readonly at: number }>();

  constructor(dir: string, now: () => number = () => performance.now()) {
    this.#root = join(dir, 'tmp');
    this.#now = now;
  }

  /** Whether a process is gone, as far as can be told by now: ask again later of one that is not. */
  isGone(owner: ProcessIdentity): boolean {
    if (owner.machine === thisProcess().machine) return isGone(owner);
    const name = formatProcess(owner);
    const mtime = timeOf(join(this.#root, name));
    // Whoever uses a store has its directory there.
    if (mtime === undefined) return true;
    const known = this.#seen.get(name);
    if (known?.mtime === mtime) return this.#now() - known.at > LEASE;
    this.#seen.set(name, { mtime, at: this.#now() });
    return Date.now() - mtime > FORGOTTEN;
  }

  /** Gives signs of life from now on, in a directory of this process's; returns what ends that. */
  beat(dir: string): () => void {
    const timer = setInterval(() => touch(dir), BEAT);
    timer.unref();
    return () => clearInterval(timer);
  }
}

function touch(dir: string): void {
  try {
    const now = new Date();
    utimesSync(dir, now, now);
  } catch (error) {
    // Somebody removed it: then nobody looks at it.
    if (!isMissing(error)) throw error;
  }
}

function timeOf(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
