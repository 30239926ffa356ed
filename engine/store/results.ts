import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing, isUnwritable } from '../base/errors.ts';
import { type Digest, isDigest, sha256 } from '../content/digest.ts';
import { isObject } from '../content/json.ts';
import { moveIn } from './contents.ts';
import { placeIn } from './walk.ts';

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
    const text = read(placeIn(this.#dir, key));
    return text === undefined ? undefined : readResult(text);
  }

  put(key: Digest, result: NodeResult): Promise<void> {
    return this.#write(placeIn(this.#dir, key), JSON.stringify(result));
  }

  /** What was kept under a key; `undefined` when there is nothing, or it was damaged (which drops it). */
  async recall(key: string): Promise<string | undefined> {
    return read(placeIn(this.#dir, sha256(key)));
  }

  keep(key: string, text: string): Promise<void> {
    return this.#write(placeIn(this.#dir, sha256(key)), text);
  }

  async #write(path: string, text: string): Promise<void> {
    // To put a file in the place of another costs far more than to look.
    if (read(path) === text) return;
    const temporary = join(await this.#temporary(), `result-${randomBytes(8).toString('hex')}`);
    writeFileSync(temporary, `${sha256(text)}\n${text}`, { flag: 'wx' });
    moveIn(temporary, path);
  }
}

function read(path: string): string | undefined {
  let content: string;
  try {
    use(path);
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (isIntact(content)) return textOf(content);
  rmSync(path, { force: true });
  return undefined;
}

/** Whether a file is what its first line says. */
export function isIntact(content: string): boolean {
  return content.slice(0, content.indexOf('\n')) === sha256(textOf(content));
}

/** The result that a file holds; `undefined` for another text. */
export function parseResult(content: string): NodeResult | undefined {
  return readResult(textOf(content));
}

function textOf(content: string): string {
  return content.slice(content.indexOf('\n') + 1);
}

function readResult(text: string): NodeResult | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isNodeResult(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const DAY = 24 * 60 * 60 * 1000;

/** Marks a file as used, to the day: what is not used for long is dropped first. @throws Error when there is no such file */
export function use(path: string): void {
  if (Date.now() - statSync(path).mtimeMs < DAY) return;
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

function isNodeResult(value: unknown): value is NodeResult {
  return isObject(value) && typeof value.exitCode === 'number' && isObject(value.outputs) && Object.values(value.outputs).every(isDigest);
}
