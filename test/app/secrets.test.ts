import { expect, test } from 'vitest';
import { quote } from '../../config/index.ts';

test.each([
  ['backslashes before letters', String.raw`pa\bss-word\fin\n\u0041`, String.raw`"pa\\bss-word\\fin\\n\\u0041"`],
  ['quotes and templates', '"$'.concat('{a}" %', '{if} $a %'), '"\\"$$'.concat('{a}\\" %%', '{if} $a %"')],
  ['line feeds and tabs', 'a\n\tb\r', String.raw`"a\n\tb\r"`],
  ['control characters', '\b\f\u0001', String.raw`"\u0008\u000c\u0001"`],
  ['characters of every plane', 'ä € 𝄞', '"ä € 𝄞"'],
])('a text with %s is written so that Terraform reads the same', (_what, text, written) => {
  expect(quote(text)).toBe(written);
});
