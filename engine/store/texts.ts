import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../base/errors.ts';
import { asDigest } from '../content/digest.ts';
import { moveIn } from './contents.ts';
import { use } from './results.ts';
import { placeIn } from './walk.ts';

/**
 * What was made of some content: kept beside that content, and found by it. A file each, moved into place. It is looked for by a weak hash and then
 * compared byte by byte, so that no digest is needed: to load what computes them costs a start more than all else that it reads.
 */
export class Texts {
  readonly #dir: string;
  readonly #temporary: () => Promise<string>;
  #count = 0;
  constructor(dir: string, temporary: () => Promise<string>) {
    this.#dir = dir;
    this.#temporary = temporary;
  }

  /** The text that was made of `content` for a purpose; `undefined` when there is none, or it was damaged (which drops it). */
  find(purpose: string, content: Uint8Array): string | undefined {
    const head = headOf(purpose, content);
    const path = this.#path(head);
    let file: Buffer;
    try {
      use(path);
      file = readFileSync(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    if (!isIntactText(file)) {
      rmSync(path, { force: true });
      return undefined;
    }
    const start = SUM_LENGTH + head.length;
    return head.equals(file.subarray(SUM_LENGTH, start)) ? file.toString('utf8', start) : undefined;
  }

  /** Another content of the same weak hash makes room. */
  async keep(purpose: string, content: Uint8Array, text: string): Promise<void> {
    const head = headOf(purpose, content);
    const path = this.#path(head);
    this.#count += 1;
    const name = `text-${this.#count}`;
    const temporary = join(await this.#temporary(), name);
    const rest = Buffer.concat([head, Buffer.from(text)]);
    writeFileSync(temporary, Buffer.concat([Buffer.from(weakHash(rest)), rest]));
    moveIn(temporary, path);
  }

  #path(head: Uint8Array): string {
    return placeIn(this.#dir, asDigest(`sha256:${weakHash(head).padEnd(64, '0')}`));
  }
}

/** Whether a file is as it was written. */
export function isIntactText(file: Uint8Array): boolean {
  const rest = file.subarray(SUM_LENGTH);
  return Buffer.from(file.subarray(0, SUM_LENGTH)).toString('latin1') === weakHash(rest);
}

/** What a text is found by: its purpose and the content, each with its length. */
function headOf(purpose: string, content: Uint8Array): Buffer {
  const name = Buffer.from(`${purpose}\n${content.byteLength}\n`);
  return Buffer.concat([name, content]);
}

/** Hex digits of a weak hash. */
const SUM_LENGTH = 16;

/** 64 bits that tell contents apart, and damage from none: two multiplicative hashes over words of four bytes. No shield against who means harm. */
function weakHash(bytes: Uint8Array): string {
  // A word at a time, which must be aligned.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
  let one = 0x9747b28c ^ aligned.byteLength;
  let two = 0x3c6ef372;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? 0;
    one = Math.imul(one ^ word, 0x9e3779b1);
    one = (one << 13) | (one >>> 19);
    two = Math.imul(two ^ word, 0x85ebca77);
    two = (two << 17) | (two >>> 15);
  }
  for (const byte of aligned.subarray(words.length * 4)) {
    one = Math.imul(one ^ byte, 0x9e3779b1);
    one ^= one >>> 15;
    two = Math.imul(two ^ byte, 0x85ebca77);
    two ^= two >>> 13;
  }
  return hex32(one ^ (one >>> 16)) + hex32(Math.imul(two ^ (two >>> 15), 0xc2b2ae3d));
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
