import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Where a watch keeps what it saw from one process to the next: text by key. What it does not have is seen anew. */
export interface WatchMemory {
  get(key: string): Promise<string | undefined>;
  put(key: string, text: string): Promise<void>;
}

/** A clock that is never set, in milliseconds, and the name of what it counts from. */
export interface SteadyClock {
  readonly epoch: string;
  now(): number;
}

/** This machine's, since it was started. */
const MACHINE: SteadyClock = { epoch: bootId(), now: () => uptime() * 1000 };

/**
 * How long locks were seen unchanged, by this machine's own steady clock: the clocks of those who hold them say nothing. What one command saw counts for
 * the next one of the same clone, as long as the machine runs.
 */
export class LockWatch {
  readonly #memory: WatchMemory | undefined;
  readonly #clock: SteadyClock;
  readonly #seen = new Map<string, { readonly id: string; readonly at: number }>();

  constructor(memory?: WatchMemory, clock: SteadyClock = MACHINE) {
    this.#memory = memory;
    this.#clock = clock;
  }

  /** Milliseconds since a lock was first seen to be this very one; 0 when it is seen for the first time. */
  async unchangedFor(ref: string, id: string): Promise<number> {
    const known = this.#seen.get(ref) ?? (await this.#recall(ref));
    const now = this.#clock.now();
    if (known?.id === id && known.at <= now) {
      this.#seen.set(ref, known);
      return now - known.at;
    }
    this.#seen.set(ref, { id, at: now });
    await this.#memory?.put(keyOf(ref), `${this.#clock.epoch} ${id} ${now}`);
    return 0;
  }

  async #recall(ref: string): Promise<{ readonly id: string; readonly at: number } | undefined> {
    const [epoch, id, at] = ((await this.#memory?.get(keyOf(ref))) ?? '').split(' ');
    return epoch === this.#clock.epoch && epoch !== '' && id !== undefined && at !== undefined ? { id, at: Number(at) } : undefined;
  }
}

function keyOf(ref: string): string {
  return `lock seen 1 ${ref}`;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Elsewhere than on Linux a watch lasts as long as its process.
    return '';
  }
}
