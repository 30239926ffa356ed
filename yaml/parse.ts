import { isUtf8 } from 'node:buffer';
import { AtmosError } from '../engine/index.ts';
import { compact, restore } from './compact.ts';
import type { Document, Located } from './located.ts';
import type { TextCache } from './text-cache.ts';

/** Counts up when what is kept of a file changes its form. */
const PURPOSE = 'yaml 4';

/**
 * Parses a YAML file; an empty one is an empty map. What was parsed once is kept by its content: reading that is an order of magnitude cheaper,
 * and the library is not even loaded. A `keyDelimiter` makes maps within maps of keys that are not in quotes: `a.b: v` is `a: { b: v }`.
 * @throws AtmosError `invalid-yaml` with the place; further errors of the file are in `others`.
 */
export async function parseYaml(file: string, content: Uint8Array, cache?: TextCache, keyDelimiter?: string): Promise<Located> {
  const document: Document = { file, text: decode(file, content) };
  const purpose = keyDelimiter === undefined ? PURPOSE : `${PURPOSE} ${keyDelimiter}`;
  const known = cache?.get(purpose, content);
  if (known !== undefined) return restore(known, document);
  const { readYaml } = await import('./read.ts');
  const located = readYaml(document, keyDelimiter);
  const text = cache === undefined ? undefined : compact(located);
  if (text !== undefined) await cache?.put(purpose, content, text);
  return located;
}

function decode(file: string, content: Uint8Array): string {
  if (isUtf8(content))
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
      .toString('utf8')
      .replace(/^\uFEFF/, '');
  throw new AtmosError(`${file} is not UTF-8`, { kind: 'invalid', code: 'invalid-yaml' });
}
