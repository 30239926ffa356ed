import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hex, isDigest, sha256 } from '../digest.ts';
import { isMissing } from '../errors.ts';
import { isObject } from '../json.ts';
import { moveIn } from './contents.ts';

/** What a node made: kept under its key. */
export interface NodeResult {
  readonly exitCode: number;
  /** Trees by output name. */
  readonly outputs: Readonly<Record<string, Digest>>;
}

/**
 * Small texts by key: node results, and what reading a file gave. A file each, moved into place, whose first line is the digest of the rest, so
 * that it is verified when it is read. The last writer wins; all of them are right.
 */
export class Results {
  readonly #dir: string;
  readonly #temporary: () => Promise<string>;
  constructor(dir: string, temporary: () => Promise<string>) {
    this.#dir = dir;
    this.#temporary = temporary;
  }

  async get(key: Digest): Promise<NodeResult | undefined> {
    const text = await this.recall(`node ${key}`);
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return isNodeResult(value) ? value : undefined;
  }

  put(key: Digest, result: NodeResult): Promise<void> {
    return this.keep(`node ${key}`, JSON.stringify(result));
  }

  /** What was kept under a key; `undefined` when there is nothing, or it was damaged (which drops it). */
  async recall(key: string): Promise<string | undefined> {
    const path = this.#path(key);
    let content: string;
    try {
      content = readFileSync(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    const end = content.indexOf('\n');
    const text = content.slice(end + 1);
    if (content.slice(0, end) === sha256(text)) return text;
    rmSync(path, { force: true });
    return undefined;
  }

  async keep(key: string, text: string): Promise<void> {
    const temporary = join(await this.#temporary(), `result-${randomBytes(8).toString('hex')}`);
    writeFileSync(temporary, `${sha256(text)}\n${text}`, { flag: 'wx' });
    moveIn(temporary, this.#path(key));
  }

  #path(key: string): string {
    const name = hex(sha256(key));
    return join(this.#dir, name.slice(0, 2), name.slice(2));
  }
}

function isNodeResult(value: unknown): value is NodeResult {
  return isObject(value) && typeof value.exitCode === 'number' && isObject(value.outputs) && Object.values(value.outputs).every(isDigest);
}
