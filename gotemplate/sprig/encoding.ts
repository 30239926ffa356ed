import { createHash } from 'node:crypto';
import type { Functions } from '../language/call.ts';
import { fromJson, toJson } from '../language/json.ts';
import { typed } from '../language/signature.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32Encode(text: string): string {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  const encoded = groups.map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
  return encoded.padEnd(Math.ceil(encoded.length / 8) * 8, '=');
}

/** What is wrong with it in place of the text, as Sprig gives it. */
function base32Decode(text: string): string {
  const clean = text.replace(/=+$/, '');
  const bad = [...clean].findIndex((character) => !BASE32.includes(character));
  if (bad !== -1) return `illegal base32 data at input byte ${bad}`;
  const bits = [...clean].map((character) => BASE32.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString('utf8');
}

function base64Decode(text: string): string {
  const clean = text.replaceAll(/[\r\n]/g, '');
  const bad = /[^A-Za-z0-9+/=]/.exec(clean)?.index ?? (clean.length % 4 === 0 ? -1 : clean.length - (clean.length % 4));
  return bad === -1 ? Buffer.from(clean, 'base64').toString('utf8') : `illegal base64 data at input byte ${bad}`;
}

export function hash(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}

function adler32(text: string): string {
  let [a, b] = [1, 0];
  for (const byte of Buffer.from(text)) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return String(b * 65_536 + a);
}

/** Sprig's functions of encodings and checksums. */
export const ENCODING: Functions = {
  toJson: typed('a', (value) => toJson(value)),
  mustToJson: typed('a', (value) => toJson(value)),
  toRawJson: typed('a', (value) => toJson(value, { raw: true })),
  mustToRawJson: typed('a', (value) => toJson(value, { raw: true })),
  toPrettyJson: typed('a', (value) => toJson(value, { indent: '  ' })),
  mustToPrettyJson: typed('a', (value) => toJson(value, { indent: '  ' })),
  fromJson: typed('s', (text) => {
    try {
      return fromJson(text, 'floats');
    } catch {
      // What is no JSON is nothing: `mustFromJson` is the one that fails.
      return null;
    }
  }),
  mustFromJson: typed('s', (text) => fromJson(text, 'floats')),
  b64enc: typed('s', (text) => Buffer.from(text).toString('base64')),
  b64dec: typed('s', base64Decode),
  b32enc: typed('s', base32Encode),
  b32dec: typed('s', base32Decode),
  sha1sum: typed('s', (text) => hash('sha1', text)),
  sha256sum: typed('s', (text) => hash('sha256', text)),
  sha512sum: typed('s', (text) => hash('sha512', text)),
  adler32sum: typed('s', adler32),
};
