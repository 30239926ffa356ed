import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { AtmosError, linkLoop, linkOutside } from '../../engine/index.ts';
import { missing } from './call.ts';
import { gitEnvironment } from './environment.ts';
import { childProcess } from './process.ts';

/** An object as Git keeps it; `symlink` for a link out of the commit, whose content says where to, and `loop` for links in a circle. */
export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

interface Waiting {
  resolve(object: GitObject | undefined): void;
  reject(error: unknown): void;
}

function isNoObject({ type }: GitObject): boolean {
  return type === 'symlink' || type === 'loop';
}

/**
 * Reads objects through one long-lived `git cat-file --batch`. A path (`<commit>:<path>`) is followed through the links of that commit; one that leads
 * out of it names nothing.
 */
export class ObjectReader {
  readonly #cwd: string;
  #child: ChildProcessWithoutNullStreams | undefined;
  #answers: Answers | undefined;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** The content of an object by any name that git knows (`<commit>:<path>`), or `undefined` when there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    const object = await this.object(name);
    return object === undefined || isNoObject(object) ? undefined : object.content;
  }

  /** The file at a path of a commit, or `undefined` when there is none. @throws AtmosError `link-outside`, `link-loop` */
  async file(commit: string, path: string): Promise<Buffer | undefined> {
    const object = await this.object(`${commit}:${path}`);
    if (object?.type === 'symlink') throw linkOutside(path, object.content.toString('utf8'));
    if (object?.type === 'loop') throw linkLoop(path);
    return object?.type === 'blob' ? object.content : undefined;
  }

  /** The object itself, or `undefined` when there is none of that name. */
  object(name: string): Promise<GitObject | undefined> {
    if (/[\n\0]/.test(name)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const child = this.#start();
      this.#answers?.expect({ resolve, reject });
      child.stdin.write(`${name}\n`);
    });
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
  }

  #start(): ChildProcessWithoutNullStreams {
    if (this.#child !== undefined) return this.#child;
    const child = childProcess().spawn('git', ['cat-file', '--batch', '--follow-symlinks'], {
      cwd: this.#cwd,
      env: gitEnvironment(),
      // A terminal's Ctrl-C is for us: what was done by then is still recorded.
      detached: true,
    });
    const answers = new Answers();
    child.stdout.on('data', (chunk: Buffer) => answers.take(chunk));
    let fault: unknown;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-LONGEST_FAULT);
    });
    child.on('error', (cause) => {
      fault = missing(cause);
    });
    child.on('close', () => {
      if (this.#child === child) this.#child = undefined;
      answers.end(fault ?? ended(said));
    });
    child.stdin.on('error', () => undefined);
    this.#child = child;
    this.#answers = answers;
    return child;
  }
}

/** How many characters are kept of what Git says of damage. */
const LONGEST_FAULT = 4000;

/** Git ends where it meets an object that is damaged. */
function ended(said: string): AtmosError {
  const lines = said
    .trim()
    .replaceAll(/^(error|fatal): /gm, '')
    .split('\n');
  return new AtmosError(`Git cannot read an object of this repository: ${lines.at(-1) || 'git cat-file ended'}`, {
    kind: 'environment',
    code: 'git-failed',
    hint: 'see what is damaged: git fsck   What a remote or another clone has, can be fetched from there again',
  });
}

/**
 * What one process answers, in order: `<id> <type> <size>`, the content and a line feed; `<name> missing`; or, of a link that leads nowhere,
 * `dangling`, `loop`, `notdir` or `symlink` with a size, that many bytes and a line feed.
 */
class Answers {
  readonly #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #length = 0;
  /** How many bytes there must be before it is worth looking: an answer is put together once, however many pieces it comes in. */
  #needed = 1;

  expect(one: Waiting): void {
    this.#waiting.push(one);
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length >= this.#needed) this.#drain();
  }

  /** The process has ended: what it has not answered it never will. */
  end(fault: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(fault);
  }

  #drain(): void {
    let buffer = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#needed = 1;
    for (;;) {
      const end = buffer.indexOf(10);
      if (end === -1) break;
      const header = buffer.toString('utf8', 0, end);
      const [, id, type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(header) ?? [];
      const [, how, linked] = /^(dangling|loop|notdir|symlink) (\d+)$/.exec(header) ?? [];
      const length = size ?? linked;
      const stop = length === undefined ? end + 1 : end + 1 + Number(length) + 1;
      if (buffer.length < stop) {
        this.#needed = stop;
        break;
      }
      const content = (): Buffer => Buffer.from(buffer.subarray(end + 1, stop - 1));
      const isObject = id !== undefined && type !== undefined;
      const isLink = how === 'symlink' || how === 'loop';
      const answer = isObject ? { id, type, content: content() } : isLink ? { id: '', type: how, content: content() } : undefined;
      buffer = buffer.subarray(stop);
      this.#waiting.shift()?.resolve(answer);
    }
    this.#chunks = buffer.length === 0 ? [] : [buffer];
    this.#length = buffer.length;
    if (buffer.length >= this.#needed) this.#needed = buffer.length + 1;
  }
}
