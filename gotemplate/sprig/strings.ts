import { GoRegExp, quoteMeta } from '../formats/regexp.ts';
import type { Functions } from '../language/call.ts';
import { quote } from '../language/printf.ts';
import { typed } from '../language/signature.ts';
import { compareBytes, format, type Value } from '../language/values.ts';
import { connected, pascal, titled } from './cases.ts';

const isNothing = (value: Value): boolean => value === undefined || value === null;

/** Every element as text, those that are nil left out. A value that is no list is a list of one. */
function textsOf(value: Value): readonly string[] {
  if (isNothing(value)) return [];
  return (Array.isArray(value) ? (value as readonly Value[]) : [value]).filter((item) => !isNothing(item)).map(format);
}

const upperFirst = (word: string): string => word.replace(/^\p{L}/u, (letter) => letter.toUpperCase());
const characterSet = (cut: string): string => `[${cut.replaceAll(/[\]\\^-]/g, '\\$&')}]+`;

export function trimAll(cut: string, text: string): string {
  return cut === ''
    ? text
    : text.replace(new RegExp(`^${characterSet(cut)}`, 'u'), '').replace(new RegExp(`${characterSet(cut)}$`, 'u'), '');
}

/** Go counts bytes here; a character that would be cut is left out. */
export function truncate(length: number, text: string): string {
  const bytes = Buffer.from(text);
  if (length < 0 && bytes.length + length > 0) return bytes.subarray(bytes.length + length).toString();
  return length >= 0 && bytes.length > length ? bytes.subarray(0, length).toString() : text;
}

/** goutils.Abbreviate. */
export function abbreviate(text: string, offset: number, width: number): string {
  if (width < 4 || (offset > 0 && width < 7) || text.length <= width) return text;
  const from = text.length - offset < width - 3 ? text.length - (width - 3) : Math.min(offset, text.length);
  if (from <= 4) return `${text.slice(0, width - 3)}...`;
  return from + width - 3 < text.length
    ? `...${abbreviate(text.slice(from), 0, width - 3)}`
    : `...${text.slice(text.length - (width - 3))}`;
}

/** goutils.Wrap: breaks at spaces, lets words that are too long stand out unless `breaks`. */
export function wrap(text: string, width: number, separator: string, breaks = false): string {
  const lines: string[] = [];
  let rest = text;
  const size = Math.max(1, width);
  while (rest.length > size) {
    if (rest.startsWith(' ')) {
      rest = rest.slice(1);
      continue;
    }
    const before = rest.lastIndexOf(' ', size);
    const after = rest.indexOf(' ', size);
    const at = before > 0 ? before : breaks ? size : after;
    if (at === -1) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(before > 0 || !breaks ? at + 1 : at);
  }
  return [...lines, rest].join(separator);
}

function random(length: number, characters: string): string {
  return Array.from({ length }, () => characters[Math.floor(Math.random() * characters.length)]).join('');
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const indent = (spaces: number, text: string): string =>
  ' '.repeat(Math.max(0, spaces)) + text.replaceAll('\n', `\n${' '.repeat(Math.max(0, spaces))}`);
const parts = (all: readonly string[]): Value => Object.fromEntries(all.map((part, index) => [`_${index}`, part]));
/** strings.SplitN. */
export const splitAt = (separator: string, count: number, text: string): readonly string[] => {
  const all = text.split(separator);
  return count < 0 || all.length <= count ? all : [...all.slice(0, count - 1), all.slice(count - 1).join(separator)];
};

function matches(expression: string, text: string): boolean {
  try {
    return new GoRegExp(expression).test(text);
  } catch {
    return false;
  }
}

/** Sprig's functions of texts. */
export const STRINGS: Functions = {
  hello: typed('', () => 'Hello!'),
  trim: typed('s', (text) => text.trim()),
  trimAll: typed('ss', trimAll),
  trimall: typed('ss', trimAll),
  trimPrefix: typed('ss', (prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: typed('ss', (suffix, text) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text)),
  upper: typed('s', (text) => text.replaceAll(/[^ß]+/g, (part) => part.toUpperCase())),
  lower: typed('s', (text) => text.toLowerCase()),
  title: typed('s', titled),
  untitle: typed('s', (text) => text.replaceAll(/\S+/g, (word) => word.slice(0, 1).toLowerCase() + word.slice(1))),
  repeat: typed('is', (count, text) => text.repeat(Math.max(0, count))),
  substr: typed('iis', (from, to, text) => (from < 0 ? text.slice(0, to) : text.slice(from, to < 0 || to > text.length ? undefined : to))),
  nospace: typed('s', (text) => text.replaceAll(/\s/g, '')),
  trunc: typed('is', truncate),
  abbrev: typed('is', (width, text) => abbreviate(text, 0, width)),
  abbrevboth: typed('iis', (left, right, text) => abbreviate(text, left, right)),
  initials: typed('s', (text) =>
    text
      .split(/\s+/)
      .map((word) => [...word][0] ?? '')
      .join(''),
  ),
  wrap: typed('is', (width, text) => wrap(text, width, '\n')),
  wrapWith: typed('iss', (width, separator, text) => wrap(text, width, separator, true)),
  contains: typed('ss', (part, text) => text.includes(part)),
  hasPrefix: typed('ss', (prefix, text) => text.startsWith(prefix)),
  hasSuffix: typed('ss', (suffix, text) => text.endsWith(suffix)),
  quote: typed('a*', (...values) =>
    values
      .filter((value) => !isNothing(value))
      .map((value) => quote(format(value)))
      .join(' '),
  ),
  squote: typed('a*', (...values) =>
    values
      .filter((value) => !isNothing(value))
      .map((value) => `'${format(value)}'`)
      .join(' '),
  ),
  cat: typed('a*', (...values) =>
    values
      .filter((value) => !isNothing(value))
      .map(format)
      .join(' '),
  ),
  indent: typed('is', indent),
  nindent: typed('is', (spaces, text) => `\n${indent(spaces, text)}`),
  replace: typed('sss', (from, to, text) => text.replaceAll(from, () => to)),
  plural: typed('ssi', (one, many, count) => (count === 1 ? one : many)),
  snakecase: typed('s', (text) => connected(text, '_')),
  kebabcase: typed('s', (text) => connected(text, '-')),
  camelcase: typed('s', pascal),
  swapcase: typed('s', (text) =>
    [...text].map((letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase())).join(''),
  ),
  shuffle: typed('s', (text) => [...text].sort(() => Math.random() - 0.5).join('')),
  toString: typed('a', (value) => format(value)),
  toStrings: typed('a', textsOf),
  join: typed('sa', (separator, values) => textsOf(values).join(separator)),
  split: typed('ss', (separator, text) => parts(text.split(separator))),
  splitn: typed('sis', (separator, count, text) => parts(splitAt(separator, count, text))),
  splitList: typed('ss', (separator, text) => text.split(separator)),
  sortAlpha: typed('a', (values) => [...textsOf(values)].sort(compareBytes)),
  randAlpha: typed('i', (count) => random(count, LOWER + LOWER.toUpperCase())),
  randAlphaNum: typed('i', (count) => random(count, LOWER + LOWER.toUpperCase() + DIGITS)),
  randNumeric: typed('i', (count) => random(count, DIGITS)),
  randAscii: typed('i', (count) => random(count, String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index)))),
  randInt: typed('ii', (from, to) => from + Math.floor(Math.random() * (to - from))),
  ...regexFunctions(),
};

/** Each once as it is and once with `must` before it; both fail on a bad expression, but for `regexMatch`, which then matches nothing. */
function regexFunctions(): Functions {
  const functions: Functions = {
    regexMatch: typed('ss', (expression, text) => new GoRegExp(expression).test(text)),
    regexFind: typed('ss', (expression, text) => new GoRegExp(expression).find(text) ?? ''),
    regexFindAll: typed('ssi', (expression, text, count) => new GoRegExp(expression).findAll(text, count)),
    regexReplaceAll: typed('sss', (expression, text, to) => new GoRegExp(expression).replaceAll(text, to)),
    regexReplaceAllLiteral: typed('sss', (expression, text, to) => new GoRegExp(expression).replaceLiteral(text, to)),
    regexSplit: typed('ssi', (expression, text, count) => new GoRegExp(expression).split(text, count)),
  };
  const must = Object.entries(functions).map(([name, call]) => [`must${upperFirst(name)}`, call] as const);
  return { ...functions, ...Object.fromEntries(must), regexMatch: typed('ss', matches), regexQuoteMeta: typed('s', quoteMeta) };
}
