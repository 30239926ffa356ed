import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { missing } from './call.ts';
import { childProcess } from './process.ts';

/** An object as Git keeps it. */
export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

/** Reads objects through one long-lived `git cat-file --batch`. */
export class ObjectReader {
  readonly #cwd: string;
  #child: ChildProcessWithoutNullStreams | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  readonly #waiting: { resolve(object: GitObject | undefined): void; reject(error: unknown): void }[] = [];

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** The content of an object by any name that git knows (`<commit>:<path>`), or `undefined` when there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    return (await this.object(name))?.content;
  }

  /** The object itself, or `undefined` when there is none of that name. */
  object(name: string): Promise<GitObject | undefined> {
    if (/[\n\0]/.test(name)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#start().stdin.write(`${name}\n`);
    });
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
  }

  #start(): ChildProcessWithoutNullStreams {
    if (this.#child !== undefined) return this.#child;
    const child = childProcess().spawn('git', ['cat-file', '--batch'], { cwd: this.#cwd, env: { ...process.env, LC_ALL: 'C' } });
    child.stdout.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      this.#drain();
    });
    let fault: unknown = new Error('git cat-file ended');
    child.on('error', (cause) => {
      fault = missing(cause);
    });
    child.on('close', () => {
      this.#child = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(fault);
    });
    child.stdin.on('error', () => undefined);
    this.#child = child;
    return child;
  }

  /** Answers are `<oid> <type> <size>`, the content and a newline; or `<name> missing`. */
  #drain(): void {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end === -1) return;
      const header = this.#buffer.toString('utf8', 0, end);
      const [, id = '', type = '', size] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(header) ?? [];
      if (size === undefined) {
        this.#buffer = this.#buffer.subarray(end + 1);
        this.#waiting.shift()?.resolve(undefined);
        continue;
      }
      const stop = end + 1 + Number(size);
      if (this.#buffer.length < stop + 1) return;
      const content = Buffer.from(this.#buffer.subarray(end + 1, stop));
      this.#buffer = this.#buffer.subarray(stop + 1);
      this.#waiting.shift()?.resolve({ id, type, content });
    }
  }
}
