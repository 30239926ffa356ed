import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  createReadStream,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { AtmosError, isMissing } from '../base/errors.ts';
import { asDigest, type Digest, sha256 } from '../content/digest.ts';
import { placeIn, putInPlace, TREE_TIME } from './walk.ts';

/** Above this many bytes a file travels as a stream, never whole in memory. */
export const STREAM_ABOVE = 4 * 1024 * 1024;

/**
 * File contents by digest: `objects/<two hex digits>/<the others>`. Written under a temporary name and moved, so that an object is there whole
 * or not at all; verified whenever it is read; dropped when it is damaged. Small files are read and written without leaving this thread: handing
 * each to another one costs several times what it takes.
 */
export class Contents {
  readonly #dir: string;
  readonly #temporary: () => Promise<string>;

  /** `temporary` gives a directory of this process's own on the same file system. */
  constructor(dir: string, temporary: () => Promise<string>) {
    this.#dir = dir;
    this.#temporary = temporary;
  }

  async put(content: Uint8Array | string): Promise<Digest> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const digest = sha256(bytes);
    if (this.has(digest, bytes.length)) return digest;
    const temporary = await this.#temporaryFile();
    writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o644 });
    this.#moveIn(temporary, digest);
    return digest;
  }

  /** Takes in a file of any size, `size` bytes long. */
  async putFile(path: string, size: number): Promise<Digest> {
    if (size <= STREAM_ABOVE) return this.put(readFileSync(path));
    const temporary = await this.#temporaryFile();
    try {
      // What counts is what was copied, whatever becomes of the file meanwhile.
      await copySparse(path, temporary);
      chmodSync(temporary, 0o644);
      const digest = await digestOf(temporary);
      this.#moveIn(temporary, digest);
      return digest;
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** True when there is content of that digest and length; it is verified only when it is read. */
  has(digest: Digest, size: number): boolean {
    return statSync(this.#path(digest), { throwIfNoEntry: false })?.size === size;
  }

  /** True when there is content of that digest, whatever its length. */
  holds(digest: Digest): boolean {
    return existsSync(this.#path(digest));
  }

  /** The bytes, or `undefined` when there are none or they were damaged (which drops them). */
  get(digest: Digest): Uint8Array | undefined {
    return this.#verified(digest, (path) => readFileSync(path));
  }

  /** The same of what is text: read and decoded in one step, which takes half as long. */
  text(digest: Digest): string | undefined {
    return this.#verified(digest, (path) => readFileSync(path, 'utf8'));
  }

  /** Bit by bit. @throws AtmosError `damaged-object` when it is missing, or, at the end, when it was damaged */
  async *stream(digest: Digest): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(this.#path(digest), { highWaterMark: STEP }) as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw isMissing(error) ? damaged(digest) : error;
    }
    if (`sha256:${hash.digest('hex')}` === digest) return;
    this.#drop(digest);
    throw damaged(digest);
  }

  #verified<T extends Uint8Array | string>(digest: Digest, read: (path: string) => T): T | undefined {
    let content: T;
    try {
      content = read(this.#path(digest));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    if (sha256(content) === digest) return content;
    this.#drop(digest);
    return undefined;
  }

  /**
   * Writes the content to a new file.
   * @throws AtmosError `damaged-object` when it is missing or damaged: whoever made it must make it again.
   */
  async writeTo(digest: Digest, size: number, path: string): Promise<void> {
    if (size <= STREAM_ABOVE) {
      const bytes = this.get(digest);
      if (bytes === undefined) throw damaged(digest);
      writeFileSync(path, bytes, { flag: 'wx' });
      return;
    }
    try {
      await copySparse(this.#path(digest), path);
    } catch (error) {
      if (isMissing(error)) throw damaged(digest);
      throw error;
    }
    if ((await digestOf(path)) === digest) return;
    this.#drop(digest);
    throw damaged(digest);
  }

  #path(digest: Digest): string {
    return placeIn(this.#dir, digest);
  }

  async #temporaryFile(): Promise<string> {
    return join(await this.#temporary(), `object-${randomBytes(8).toString('hex')}`);
  }

  #moveIn(temporary: string, digest: Digest): void {
    utimesSync(temporary, TREE_TIME, TREE_TIME);
    moveIn(temporary, this.#path(digest));
  }

  #drop(digest: Digest): void {
    rmSync(this.#path(digest), { force: true });
  }
}

/** Moves a finished file to its place, whose directory is made if need be. */
export function moveIn(temporary: string, path: string): void {
  putInPlace(path, () => renameSync(temporary, path));
}

/** Copied by the kernel, which need not copy at all where the file system shares blocks. */
const COPY = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
const CHUNK = 1024 * 1024;
/** Of a stream: what goes through is collected late, the later the larger its parts are. */
const STEP = 32 * 1024;

/** Copies a file to a new one. What takes less of the disk than it is long has holes, which stay holes. */
async function copySparse(from: string, to: string): Promise<void> {
  const { size, blocks } = statSync(from);
  if (blocks * 512 >= size) return copyFile(from, to, COPY);
  const [source, target] = [await open(from, 'r'), await open(to, 'wx')];
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const zeros = Buffer.alloc(CHUNK);
  try {
    for (let at = 0; ; ) {
      const { bytesRead } = await source.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      if (!part.equals(zeros.subarray(0, bytesRead))) await target.write(part, 0, bytesRead, at);
      at += bytesRead;
    }
    await target.truncate(size);
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** The digest of a file of any size, through memory that is used again: streams leave more behind than is collected in time. */
export async function digestOf(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return asDigest(`sha256:${hash.digest('hex')}`);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

export function damaged(digest: Digest): AtmosError {
  return new AtmosError(`object ${digest} of the cache was missing or damaged and has been dropped`, {
    kind: 'failed',
    code: 'damaged-object',
    hint: 'rerun: the node that makes it will run again',
  });
}
