import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../../engine/index.ts';
import { newStore } from './bench.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** The one file that a store keeps texts in. */
function fileOf({ dir }: Store): string {
  const [first = ''] = readdirSync(join(dir, 'texts'));
  const [rest = ''] = readdirSync(join(dir, 'texts', first));
  return join(dir, 'texts', first, rest);
}

test('a text is found by the content that it was made of, and its purpose, by every process', async () => {
  const store = newStore();
  await store.keepOf('yaml', bytes('a: 1'), 'text → made');
  expect(store.recallOf('yaml', bytes('a: 1'))).toBe('text → made');
  expect(openStore(store.dir).recallOf('yaml', bytes('a: 1'))).toBe('text → made');
  expect(store.recallOf('yaml', bytes('a: 2'))).toBeUndefined();
  expect(store.recallOf('json', bytes('a: 1'))).toBeUndefined();
});

test('contents of all lengths are told from one another', async () => {
  const store = newStore();
  const contents = Array.from({ length: 40 }, (_, length) => 'x'.repeat(length));
  await Promise.all(contents.map((content) => store.keepOf('p', bytes(content), `made of ${content.length}`)));
  for (const content of contents) expect(store.recallOf('p', bytes(content))).toBe(`made of ${content.length}`);
});

test('a content is compared, not its hash alone', async () => {
  const store = newStore();
  await store.keepOf('p', bytes('one'), 'of one');
  const kept = readFileSync(fileOf(store));
  await store.keepOf('p', bytes('two'), 'of two');
  const [other = ''] = everyFile(store).filter((path) => !readFileSync(path).equals(kept));
  writeFileSync(other, kept);
  expect(store.recallOf('p', bytes('two'))).toBeUndefined();
});

test('a text that was damaged anywhere, or cut short, is dropped and can be kept again', async () => {
  const store = newStore();
  await store.keepOf('p', bytes('some content'), 'some text');
  const whole = readFileSync(fileOf(store));
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 4;
    writeFileSync(fileOf(store), damaged);
    expect(store.recallOf('p', bytes('some content'))).toBeUndefined();
    await store.keepOf('p', bytes('some content'), 'some text');
  }
  writeFileSync(fileOf(store), whole.subarray(0, -1));
  expect(store.verify().damaged).toHaveLength(1);
  expect(store.recallOf('p', bytes('some content'))).toBeUndefined();
});

test('texts are counted, and dropped when they were not used for long', async () => {
  const store = newStore();
  await store.keepOf('p', bytes('content'), 'text');
  expect(store.stats().texts.count).toBe(1);
  utimesSync(fileOf(store), 1, 1);
  expect(await store.prune({ unusedSince: Date.now() - 1000, needed: [] })).toMatchObject({ results: 1 });
  expect(store.recallOf('p', bytes('content'))).toBeUndefined();
});

function everyFile({ dir }: Store): readonly string[] {
  const texts = join(dir, 'texts');
  return readdirSync(texts).flatMap((first) => readdirSync(join(texts, first)).map((rest) => join(texts, first, rest)));
}
