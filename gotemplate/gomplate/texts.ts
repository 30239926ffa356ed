import { float, integer } from '../../yaml/index.ts';
import { GoRegExp, quoteMeta } from '../formats/regexp.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import { compareBytes, isDict, isTrue, type Method, Opaque, type Value } from '../language/values.ts';
import { dict } from '../sprig/collections.ts';
import { abbreviate, splitAt, trimAll, truncate, wrap } from '../sprig/strings.ts';
import { toBool, toInt, toNumber, toText } from './numbers.ts';

/** net/url.URL, as far as templates read it. */
class Url extends Opaque {
  readonly type = '*url.URL';
  readonly #text: string;
  readonly #url: URL;

  constructor(text: string) {
    super();
    this.#text = text;
    this.#url = new URL(text);
  }

  print(): string {
    return this.#text;
  }

  member(name: string): Value | Method {
    const { protocol, host, hostname, port, pathname, search, hash } = this.#url;
    const members: Readonly<Record<string, Value | Method>> = {
      Scheme: protocol.replace(/:$/, ''),
      Host: host,
      Path: pathname,
      RawQuery: search.replace(/^\?/, ''),
      Fragment: hash.replace(/^#/, ''),
      Hostname: () => hostname,
      Port: () => port,
      String: () => this.#text,
    };
    return Object.hasOwn(members, name) ? members[name] : undefined;
  }
}

/** Gomplate's `conv`. */
export const CONV: Functions = {
  Bool: typed('a', toBool),
  ToBool: typed('a', toBool),
  ToBools: typed('a*', (...values) => values.map(toBool)),
  Default: typed('aa', (fallback, value) => (isTrue(value) ? value : fallback)),
  Dict: typed('a*', (...pairs) => dict(pairs)),
  Slice: typed('a*', (...values) => values),
  Has: typed('aa', has),
  Join: typed('ls', (values, separator) => values.map(toText).join(separator)),
  ToString: typed('a', toText),
  ToStrings: typed('a*', (...values) => values.map(toText)),
  ToInt: typed('a', (value) => integer(toInt(value))),
  ToInt64: typed('a', (value) => integer(toInt(value))),
  ToInts: typed('a*', (...values) => values.map((value) => integer(toInt(value)))),
  ToInt64s: typed('a*', (...values) => values.map((value) => integer(toInt(value)))),
  ToFloat64: typed('a', (value) => float(toNumber(value))),
  ToFloat64s: typed('a*', (...values) => values.map((value) => float(toNumber(value)))),
  ParseInt: typed('sii', (text, base) => Number.parseInt(text, base === 0 ? 10 : base)),
  ParseUint: typed('sii', (text, base) => Number.parseInt(text, base === 0 ? 10 : base)),
  ParseFloat: typed('si', (text) => float(Number(text))),
  Atoi: typed('s', (text) => Number.parseInt(text, 10)),
  URL: typed('s', (text) => new Url(text)),
};

export function has(value: Value, key: Value): boolean {
  if (Array.isArray(value)) return value.some((item: Value) => item === key);
  return isDict(value) && Object.hasOwn(value, String(key));
}

function indent(args: readonly Value[]): string {
  const text = String(args.at(-1));
  const [first, second] = args.slice(0, -1);
  const count = typeof first === 'number' ? first : 1;
  const mark = typeof first === 'string' ? first : typeof second === 'string' ? second : ' ';
  if (mark.includes('\n')) throw new Error("indent: can't contain '\\n'");
  const before = mark.repeat(count);
  return text
    .split('\n')
    .map((line, index, all) => (line === '' && index === all.length - 1 && index > 0 ? line : before + line))
    .join('\n');
}

/** In small letters but for the first one, with a space for whatever is neither letter nor digit. */
function prepare(text: string): string {
  const trimmed = text.trim();
  return (trimmed.slice(0, 1) + trimmed.slice(1).toLowerCase()).replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('&', ' and ')
    .replaceAll('@', ' at ')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

function camelCase(text: string): string {
  const [first = '', ...others] = prepare(text).split(' ');
  return first + others.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function shellQuote(value: Value): string {
  const quote = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
  return Array.isArray(value) ? value.map((item: Value) => quote(toText(item))).join(' ') : quote(toText(value));
}

function wordWrap(args: readonly Value[]): string {
  const text = String(args.at(-1));
  const width = typeof args[0] === 'number' && args.length > 1 ? args[0] : 80;
  const separator = args.slice(0, -1).find((value) => typeof value === 'string') ?? '\n';
  return wrap(text, width, String(separator));
}

/** Gomplate's `strings`. */
export const STRINGS: Functions = {
  Abbrev: typed('aa*', (...args) => abbreviate(String(args.at(-1)), args.length === 3 ? Number(args[0]) : 0, Number(args.at(-2)))),
  Contains: typed('sa', (part, text) => toText(text).includes(part)),
  HasPrefix: typed('sa', (prefix, text) => toText(text).startsWith(prefix)),
  HasSuffix: typed('sa', (suffix, text) => toText(text).endsWith(suffix)),
  Indent: typed('aa*', (...args) => indent(args)),
  Quote: typed('a', (value) => `"${toText(value).replaceAll('"', '\\"')}"`),
  Squote: typed('a', (value) => `'${toText(value).replaceAll("'", "''")}'`),
  Repeat: typed('ia', (count, text) => toText(text).repeat(count)),
  ReplaceAll: typed('ssa', (from, to, text) => toText(text).replaceAll(from, () => to)),
  Slug: typed('a', (text) => slug(toText(text))),
  ShellQuote: typed('a', shellQuote),
  Split: typed('sa', (separator, text) => toText(text).split(separator)),
  SplitN: typed('sia', (separator, count, text) => splitAt(separator, count, toText(text))),
  Sort: typed('a', (values) => (Array.isArray(values) ? [...values].map(toText).sort(compareBytes) : values)),
  Trim: typed('sa', (cut, text) => trimAll(cut, toText(text))),
  TrimLeft: typed('sa', (cut, text) => toText(text).replace(new RegExp(`^[${cut.replaceAll(/[\]\\^-]/g, '\\$&')}]+`), '')),
  TrimRight: typed('sa', (cut, text) => toText(text).replace(new RegExp(`[${cut.replaceAll(/[\]\\^-]/g, '\\$&')}]+$`), '')),
  TrimPrefix: typed('sa', (prefix, text) => (toText(text).startsWith(prefix) ? toText(text).slice(prefix.length) : toText(text))),
  TrimSuffix: typed('sa', (suffix, text) =>
    suffix !== '' && toText(text).endsWith(suffix) ? toText(text).slice(0, -suffix.length) : toText(text),
  ),
  TrimSpace: typed('a', (text) => toText(text).trim()),
  Trunc: typed('ia', (length, text) => truncate(length, toText(text))),
  Title: typed('a', (text) => toText(text).replaceAll(/[\p{L}\p{N}']+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1))),
  ToUpper: typed('a', (text) => toText(text).toUpperCase()),
  ToLower: typed('a', (text) => toText(text).toLowerCase()),
  CamelCase: typed('a', (text) => camelCase(toText(text))),
  SnakeCase: typed('a', (text) => prepare(toText(text)).replaceAll(' ', '_')),
  KebabCase: typed('a', (text) => prepare(toText(text)).replaceAll(' ', '-')),
  WordWrap: typed('aa*', (...args) => wordWrap(args)),
  RuneCount: typed('a*', (...args) => args.reduce<number>((sum, text) => sum + [...toText(text)].length, 0)),
};

/** Gomplate's `regexp`. */
export const REGEXP: Functions = {
  Find: typed('sa', (expression, text) => new GoRegExp(expression).find(toText(text)) ?? ''),
  FindAll: typed('saa*', (expression, ...args) =>
    new GoRegExp(expression).findAll(toText(args.at(-1)), args.length > 1 ? Number(args[0]) : -1),
  ),
  Match: typed('sa', (expression, text) => new GoRegExp(expression).test(toText(text))),
  QuoteMeta: typed('a', (text) => quoteMeta(toText(text))),
  Replace: typed('ssa', (expression, to, text) => new GoRegExp(expression).replaceAll(toText(text), to)),
  ReplaceLiteral: typed('ssa', (expression, to, text) => new GoRegExp(expression).replaceLiteral(toText(text), to)),
  Split: typed('saa*', (expression, ...args) =>
    new GoRegExp(expression).split(toText(args.at(-1)), args.length > 1 ? Number(args[0]) : -1),
  ),
};
