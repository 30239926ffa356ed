import { Fragments, without } from './fragments.ts';
import { isObject, isRawNumber, type Json, type JsonObject } from './json.ts';

/**
 * Replaces every secret value in a text by `***`: as it is, escaped as URLs, JSON or HCL do it (in each other, too), in base64 at any alignment, in
 * hex. Of a long one any part of its base64 and hex, since programs write these in lines; of a very long one any part of whatever form.
 */
export interface Mask {
  (text: string): string;
  /** How many characters a secret takes at most: no less than that at a text's end may be the beginning of one. */
  readonly reach: number;
}

/** Shorter values are not masked: `1` or `eu` would hide half of every log. */
const SHORTEST = 4;
/** Of more bytes than these a program may break a value's encoding into lines: `xxd -p` after 30, `od` and `hexdump` after 16. */
const BROKEN = { base64: 30, hex: 16 } as const;
/** A longer value is looked for in parts: as a whole it would be too much for a regular expression. */
const LONGEST = 256;
/** Of a long value, a line from so many characters on is found as a part of it. */
const LINE = 16;
/** How many of them one pattern looks for. */
const GROUP = 500;

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
  const long = secrets.filter(({ length }) => length > LONGEST);
  const short = secrets.filter(({ length }) => length <= LONGEST);
  const values = [...new Set(short.flatMap((secret) => [secret, ...secret.split('\n')]))].filter(({ length }) => length >= SHORTEST);
  if (values.length === 0 && long.length === 0) return UNMASKED;
  // The longest first: a shorter one may be a part of it.
  const patterns = [...values.sort((a, b) => b.length - a.length).flatMap(patternsOf), ...linePatterns(long)];
  const fragments = fragmentsOf(secrets, long);
  const mask = (text: string): string => without(text, fragments, patterns);
  const longest = long.length > 0 ? LONGEST : Math.max(...values.map(({ length }) => length));
  return Object.assign(mask, { reach: longest * 12 });
}

/** The parts by which long values are found, and all whose encodings programs break into lines. */
function fragmentsOf(secrets: readonly string[], long: readonly string[]): readonly Fragments[] {
  const above = (limit: number): readonly string[] => secrets.filter((secret) => Buffer.byteLength(secret) > limit);
  const inHex = above(BROKEN.hex).map((secret) => Buffer.from(secret).toString('hex'));
  return [
    ...(long.length === 0 ? [] : [new Fragments('plain', [...new Set(long.flatMap(writtenForms))])]),
    ...(inHex.length === 0 ? [] : [new Fragments('base64', above(BROKEN.base64).flatMap(base64Forms)), new Fragments('hex', inHex)]),
  ];
}

/** A text as it is, and escaped as programs do it: JSON (also Go's, and within JSON), URLs, forms. */
function writtenForms(value: string): readonly string[] {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const goJson = (text: string): string => json(text).replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
  const whole = value.toWellFormed();
  const form = new URLSearchParams({ '': whole }).toString().slice(1);
  return [value, json(value), goJson(value), json(json(value)), json(goJson(value)), encodeURIComponent(whole), form];
}

/** Lines of long values that are too short to be found as parts. */
function linePatterns(long: readonly string[]): readonly RegExp[] {
  const lines = [...new Set(long.flatMap((value) => value.split('\n')))].filter(({ length }) => length >= SHORTEST && length < LINE);
  const groups = Array.from({ length: Math.ceil(lines.length / GROUP) }, (_, index) => lines.slice(index * GROUP, (index + 1) * GROUP));
  return groups.map(
    (group) =>
      new RegExp(
        group
          .sort((a, b) => b.length - a.length)
          .map(literal)
          .join('|'),
        'g',
      ),
  );
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
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
    return core.length < SHORTEST ? [] : [core];
  });
}

/** The texts and numbers in a value: what of it is masked where all of it is secret. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (isRawNumber(value)) return [value.rawJSON];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** The same for every text and number in a value: its keys are names, and stay. */
export function maskJson(value: Json, mask: (text: string) => string): Json {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number' || isRawNumber(value)) {
    const text = isRawNumber(value) ? value.rawJSON : String(value);
    const masked = mask(text);
    return masked === text ? value : masked;
  }
  if (Array.isArray(value)) return value.map((item: Json) => maskJson(item, mask));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, member]) => [key, maskJson(member, mask)]));
}
