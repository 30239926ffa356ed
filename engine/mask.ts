import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * Replaces every secret value in a text by `***`: as it is, escaped as URLs, JSON or HCL do it (in each other, too), in base64 at any alignment, in
 * hex. Of a long one any part of its base64 and hex, since programs write these in lines.
 */
export interface Mask {
  (text: string): string;
  /** How many characters a secret takes at most: no less than that at a text's end may be the beginning of one. */
  readonly reach: number;
}

/** Shorter values are not masked: `1` or `eu` would hide half of every log. */
const SHORTEST = 4;
/** From how many bytes on a program may break a value's encoding into lines; `xxd -p` does after 30. */
const LONG = 30;
/** How many characters of a long value's base64 or hex are one of its parts. */
const PART = { base64: 8, hex: 12 } as const;

/** Where there are no secrets. */
const UNMASKED: Mask = Object.assign((text: string) => text, { reach: 0 });

/** A mask that learns what else is secret on the way. */
export interface GrowingMask extends Mask {
  add(secrets: readonly string[]): void;
}

export function growingMask(first: readonly string[]): GrowingMask {
  const known = new Set(first);
  let mask = makeMask(first);
  const grown = (text: string): string => mask(text);
  return Object.defineProperties(grown, {
    reach: { get: () => mask.reach },
    add: {
      value: (secrets: readonly string[]) => {
        const news = secrets.filter((secret) => !known.has(secret));
        if (news.length === 0) return;
        for (const secret of news) known.add(secret);
        mask = makeMask([...known]);
      },
    },
  }) as GrowingMask;
}

export function makeMask(secrets: readonly string[]): Mask {
  const values = secrets.flatMap((secret) => [secret, ...secret.split('\n')]).filter(({ length }) => length >= SHORTEST);
  if (values.length === 0) return UNMASKED;
  // The longest first: a shorter one may be a part of it.
  const patterns = [...new Set(values)].sort((a, b) => b.length - a.length).flatMap(patternsOf);
  const parts = partsOf(secrets);
  const mask = (text: string): string => {
    // Parts first: what of a line's encoding is masked cuts those of the whole.
    const rest = parts.size === 0 ? text : text.replace(/[A-Za-z0-9+/_-]{8,}/g, (word) => maskParts(word, parts));
    return patterns.reduce((masked, pattern) => masked.replace(pattern, '***'), rest);
  };
  return Object.assign(mask, { reach: Math.max(...values.map(({ length }) => length)) * 12 });
}

function patternsOf(value: string): readonly RegExp[] {
  const bytes = [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, '0'));
  return [
    new RegExp([...value].map(escapesOf).join(''), 'gu'),
    new RegExp(bytes.join('[ :]?'), 'gi'),
    ...base64Forms(value).map(
      (form) =>
        new RegExp(
          form.replace(/[+/]/g, (character) => (character === '+' ? '[+-]' : '[/_]')),
          'g',
        ),
    ),
  ];
}

/** JSON's escapes by one letter (RFC 8259, section 7). */
const LETTERS: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };

/** A pattern of one character as it is, percent-encoded, or with backslashes: JSON within JSON has two, or four, where JSON has one. */
function escapesOf(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character;
  const anyCase = (hex: string): string => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const hexOf = (number: number, width: number): string => anyCase(number.toString(16).padStart(width, '0'));
  const forms = [
    [...Buffer.from(character)].map((byte) => `%${hexOf(byte, 2)}`).join(''),
    Array.from({ length: character.length }, (_, index) => String.raw`\\+u${hexOf(character.charCodeAt(index), 4)}`).join(''),
    // Of a backslash each escaping makes two.
    character === '\\'
      ? String.raw`\\+`
      : String.raw`\\*${/\w/.test(character) ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`}`,
  ];
  if (character === ' ') forms.push(String.raw`\+`);
  const letter = LETTERS[character];
  if (letter !== undefined) forms.push(String.raw`\\+${letter}`);
  return `(?:${forms.join('|')})`;
}

/** The characters of a value's base64 that do not depend on what stands before or after it, for the three alignments. */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const skip = offset === 0 ? 0 : offset + 1;
    const tail = (bytes.length + offset) % 3 === 0 ? 0 : 1;
    const core = encoded.slice(skip, encoded.length - tail);
    return core.length < 6 ? [] : [core];
  });
}

/** Every part of the base64 and the hex of long values. */
function partsOf(secrets: readonly string[]): ReadonlySet<string> {
  const parts = new Set<string>();
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    if (bytes.length < LONG) continue;
    for (const form of base64Forms(secret)) {
      for (let at = 0; at + PART.base64 <= form.length; at += 1) parts.add(form.slice(at, at + PART.base64));
    }
    const hex = bytes.toString('hex');
    for (let at = 0; at + PART.hex <= hex.length; at += 2) parts.add(hex.slice(at, at + PART.hex));
  }
  return parts;
}

/** A word with each run of characters that are parts of a secret replaced. */
function maskParts(word: string, parts: ReadonlySet<string>): string {
  const base64 = word.replaceAll('-', '+').replaceAll('_', '/');
  const hex = word.toLowerCase();
  let shown = '';
  let isMasking = false;
  let hidden = 0;
  for (let at = 0; at < word.length; at += 1) {
    if (parts.has(base64.slice(at, at + PART.base64))) hidden = at + PART.base64;
    if (parts.has(hex.slice(at, at + PART.hex))) hidden = Math.max(hidden, at + PART.hex);
    if (at >= hidden) shown += word[at];
    else if (!isMasking) shown += '***';
    isMasking = at < hidden;
  }
  return shown;
}

/** The same for every text in a value: its keys are names, and stay. */
export function maskJson(value: Json, mask: Mask): Json {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item: Json) => maskJson(item, mask));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, member]) => [key, maskJson(member, mask)]));
}
