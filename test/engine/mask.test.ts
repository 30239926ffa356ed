import { describe, expect, test } from 'vitest';
import { growingMask, makeMask } from '../../engine/content/mask.ts';
import type { RunEvent } from '../../engine/graph/events.ts';
import { makeGraph } from '../../engine/index.ts';
import { makeEmitter } from '../../engine/run/emitter.ts';

const SECRET = 'pa$$ wörd/"quoted"\\+<x>&\tend';
const LONG = Array.from({ length: 30 }, (_, line) => `line ${line} of a key: ${'k3y!'.repeat(line % 7)}`).join('\n');

/** As Go's `encoding/json` writes a text. */
const goJson = (text: string): string => JSON.stringify(text).replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hex = (text: string): string => Buffer.from(text).toString('hex');
const inLines = (text: string, width: number): string => text.replace(new RegExp(`.{${width}}`, 'g'), '$&\n');

describe('a secret is masked', () => {
  test.each([
    ['as it is', SECRET],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a URL, with escapes in lower case', encodeURIComponent(SECRET).toLowerCase()],
    ['in a form', new URLSearchParams({ secret: SECRET }).toString().slice('secret='.length)],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in the JSON of a Go program', goJson(SECRET).slice(1, -1)],
    ['in JSON within JSON', JSON.stringify(goJson(SECRET)).slice(3, -3)],
    ['in base64', base64(SECRET)],
    ['in base64 after one other character', base64(`a${SECRET}`).slice(2)],
    ['in base64 after two other characters', base64(`ab${SECRET}`).slice(3)],
    ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
    ['in hex', hex(SECRET)],
    ['in upper-case hex', hex(SECRET).toUpperCase()],
    ['in hex, byte by byte', hex(SECRET).replace(/..(?=.)/g, '$& ')],
  ])('%s', (_, form) => {
    const masked = makeMask([SECRET])(`before ${form} after`);
    // The last character of base64 may hold bits of what follows it.
    expect(masked).toMatch(/^before \*\*\*[A-Za-z0-9=]{0,3} after$/);
  });

  test.each([
    ['of base64', base64, 76],
    ['of openssl’s base64', base64, 64],
    ['of xxd’s hex', hex, 60],
    ['of od’s bytes', (text: string) => hex(text).replace(/../g, ' $&'), 48],
    [
      'of hexdump’s bytes',
      (text: string) =>
        hex(text)
          .replace(/.{16}/g, '$& ')
          .replace(/../g, (two) => (two.includes(' ') ? two : ` ${two}`)),
      50,
    ],
  ])('when it is long, in lines %s', (_, encode, width) => {
    const text = inLines(encode(`${LONG}\n`), width);
    const masked = makeMask([LONG])(text);
    const left = masked.split('\n').map((line) => line.replaceAll('***', ''));
    expect(Math.max(...left.map(({ length }) => length))).toBeLessThan(12);
    expect(text.length).toBeGreaterThan(9 * masked.length);
  });

  test('when a program writes it sixteen bytes a line', () => {
    const mask = makeMask(['tok-0123456789-abcdef']);
    const lines = inLines(hex('tok-0123456789-abcdef'), 32).split('\n');
    for (const form of [
      (line: string) => line,
      (line: string) => line.replace(/../g, ' $&'),
      (line: string) => line.replace(/....?/g, '$& '),
    ]) {
      expect(
        lines.map((line) =>
          mask(`00000010: ${form(line)}`)
            .replace(/^00000010: +/, '')
            .trim(),
        ),
      ).toEqual(['***', '***']);
    }
  });

  test('in base64 however short it is', () => {
    const shown = ['', 'a', 'ab'].map((before) => makeMask(['q7Zx'])(base64(`${before}q7Zx`)));
    // A character at either end may hold bits of what stands beside it.
    for (const [index, text] of shown.entries()) expect(text).toMatch(new RegExp(`^.{0,${index + 1}}\\*\\*\\*[A-Za-z]?=*$`));
  });

  test('whole where another one has a part of it', () => {
    const [one, other] = ['Xk"9$a\\b-and-more-of-this-one', '"Xk\\"9$a\\\\b-and-more-of-this-one"'];
    const masked = makeMask([one, other])(`${base64(one)} ${base64(other)} ${hex(one)}`);
    expect(masked).toMatch(/^\*\*\*.?=* \*\*\*.?=* \*\*\*$/);
  });

  test('wherever a very long line is handed on in pieces', () => {
    const texts: string[] = [];
    const take = (event: RunEvent): void => {
      if (event.type === 'output') texts.push(event.text);
    };
    const emitter = makeEmitter(makeGraph([]), take, makeMask([SECRET]));
    // A little more each time, so that some end falls within the secret, wherever the ends of the pieces are.
    for (let before = 0; before < 3 * SECRET.length; before += 1) {
      const line = `${'.'.repeat(65_530 + before)}${SECRET}${'.'.repeat(1000)}`;
      for (const chunk of [line.slice(0, 65_536), line.slice(65_536)]) emitter.log(`node ${before}` as never, 'stdout', Buffer.from(chunk));
      emitter.flush(`node ${before}` as never);
    }
    const all = texts.join('');
    expect(all.match(/\*\*\*/g)).toHaveLength(3 * SECRET.length);
    expect(all.replaceAll('***', '').replaceAll('.', '')).toBe('');
  });
});

describe('a secret that is too long for a regular expression is masked', () => {
  const words = (count: number): string => Array.from({ length: count }, (_, index) => hex(`${index * 7919}`)).join('"<ü>\n');
  const huge = words(3000);

  test.each<[string, (text: string) => string]>([
    ['as it is', (text) => text],
    ['in JSON', (text) => JSON.stringify(text)],
    ['in the JSON of a Go program within JSON', (text) => JSON.stringify(goJson(text))],
    ['in a URL', encodeURIComponent],
    ['in base64', base64],
    ['in lines of base64', (text) => inLines(base64(text), 76)],
    ['in hex', (text) => hex(text).toUpperCase()],
    ['in part, from the middle of a line on', (text) => text.slice(1005, 3001)],
    ['in part, in base64', (text) => base64(text).slice(1001, 2001)],
  ])('%s', (_, form) => {
    const masked = makeMask([huge])(`before ${form(huge)} after`);
    expect(masked.startsWith('before ') && masked.endsWith(' after')).toBe(true);
    const left = masked.slice(7, -6).split('***').join('\n').split('\n');
    expect(Math.max(...left.map(({ length }) => length))).toBeLessThan(16);
  });

  test('line by line, short lines too', () => {
    const value = `${'user: admin\npin: 4711\n'}${'x'.repeat(300)}`;
    expect(makeMask([value])('got pin: 4711 of user: admin')).toBe('got *** of ***');
  });

  test('wherever its parts are handed on in pieces', () => {
    const texts: string[] = [];
    const emitter = makeEmitter(
      makeGraph([]),
      (event) => {
        if (event.type === 'output') texts.push(event.text);
      },
      makeMask([huge.replaceAll('\n', ' ')]),
    );
    const line = Buffer.from(`${'.'.repeat(60_000)}${huge.replaceAll('\n', ' ')}${'.'.repeat(60_000)}`);
    for (let at = 0; at < line.length; at += 50_000) emitter.log('node', 'stdout', line.subarray(at, at + 50_000));
    emitter.flush('node');
    expect(texts.join('').replaceAll('***', '').replaceAll('.', '')).toBe('');
  });
});

test('a text without a secret stays as it is, digests, paths and words that look like an encoding too', () => {
  const text = `resource terraform_data ${hex('another').repeat(4)} /var/lib/deployments/components ${base64('some other text, and not short')}`;
  expect(makeMask([SECRET, LONG])(text)).toBe(text);
});

test('a mask learns what else is secret, and keeps what it knew', () => {
  const mask = growingMask([]);
  expect([mask('early late'), mask.reach]).toEqual(['early late', 0]);
  mask.add(['early']);
  mask.add(['late', 'early']);
  expect(mask('early late')).toBe('*** ***');
  expect(mask.reach).toBeGreaterThan(0);
});
