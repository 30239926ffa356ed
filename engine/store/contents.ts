import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import cacache from 'cacache';
import { asDigest, type Digest, hex, sha256 } from '../digest.ts';
import { AtmosError, errorCode } from '../errors.ts';

/** Above this many bytes a file travels as a stream, never whole in memory. */
const STREAM_ABOVE = 4 * 1024 * 1024;
/** The types want a Node stream's options beside cacache's own. */
const OPTIONS: cacache.put.Options = { algorithms: ['sha256'] };

function integrity(digest: Digest): string {
  return `sha256-${Buffer.from(hex(digest), 'hex').toString('base64')}`;
}

/** File contents by digest, in a cacache directory. Writes are atomic, reads verified. */
export class Contents {
  readonly #dir: string;
  constructor(dir: string) {
    this.#dir = dir;
  }

  async put(content: Uint8Array | string): Promise<Digest> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const digest = sha256(bytes);
    if (!(await this.has(digest, bytes.length))) await cacache.put(this.#dir, `content ${digest}`, bytes, OPTIONS);
    return digest;
  }

  /** Takes in a file of any size, `size` bytes long. */
  async putFile(path: string, size: number): Promise<Digest> {
    if (size <= STREAM_ABOVE) return this.put(await readFile(path));
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const digest = asDigest(`sha256:${hash.digest('hex')}`);
    if (!(await this.has(digest, size))) {
      const sink = cacache.put.stream(this.#dir, `content ${digest}`, { ...OPTIONS, integrity: integrity(digest) });
      await pipeline(createReadStream(path), sink);
    }
    return digest;
  }

  /** True when there is content of that digest and length; it is verified only when it is read. */
  async has(digest: Digest, size: number): Promise<boolean> {
    const found = await cacache.get.hasContent(this.#dir, integrity(digest));
    return found !== false && found.size === size;
  }

  /** The bytes, or `undefined` when there are none or they were damaged (which drops them). */
  async get(digest: Digest): Promise<Uint8Array | undefined> {
    try {
      return await cacache.get.byDigest(this.#dir, integrity(digest));
    } catch (error) {
      return this.#dropDamaged(digest, error);
    }
  }

  /**
   * Writes the content to a new file.
   * @throws AtmosError `damaged-object` when it is missing or damaged: whoever made it must make it again.
   */
  async writeTo(digest: Digest, size: number, path: string): Promise<void> {
    if (size <= STREAM_ABOVE) {
      const bytes = await this.get(digest);
      if (bytes === undefined) throw damaged(digest);
      await writeFile(path, bytes, { flag: 'wx' });
      return;
    }
    const target = await open(path, 'wx');
    try {
      await pipeline(cacache.get.stream.byDigest(this.#dir, integrity(digest)), target.createWriteStream());
    } catch (error) {
      await this.#dropDamaged(digest, error);
      throw damaged(digest);
    }
  }

  async #dropDamaged(digest: Digest, error: unknown): Promise<undefined> {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code !== 'EINTEGRITY' && code !== 'EBADSIZE') throw error;
    await cacache.rm.content(this.#dir, integrity(digest));
    return undefined;
  }
}

function damaged(digest: Digest): AtmosError {
  return new AtmosError(`object ${digest} of the cache was missing or damaged and has been dropped`, {
    kind: 'failed',
    code: 'damaged-object',
    hint: 'run the command again: the node that makes it will run again',
  });
}
