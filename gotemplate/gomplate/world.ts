import { pbkdf2Sync, randomUUID } from 'node:crypto';
import { dirname, extname, isAbsolute, join, matchesGlob, relative } from 'node:path/posix';
import { Duration, parseDuration, UNITS } from '../formats/duration.ts';
import { LAYOUTS } from '../formats/layout.ts';
import { parseTime, Time } from '../formats/time.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import { isTrue, kindOf, type Method, Opaque, textOfBytes, type Value } from '../language/values.ts';
import { hash } from '../sprig/encoding.ts';
import { baseOf, cleanPath } from '../sprig/world.ts';
import { toNumber, toText } from './numbers.ts';

const textTo = (call: (text: string) => string) => typed('a', (value) => call(toText(value)));

/** Gomplate's `path` and `filepath`. */
export const PATH: Functions = {
  Base: textTo(baseOf),
  Clean: textTo(cleanPath),
  Dir: textTo(dirname),
  Ext: textTo(extname),
  IsAbs: typed('a', (path) => isAbsolute(toText(path))),
  Join: typed('a*', (...parts) => (parts.length === 0 ? '' : join(...parts.map(toText)))),
  Match: typed('aa', (pattern, path) => matchesGlob(toText(path), toText(pattern))),
  Split: typed('a', (path) => {
    const at = toText(path).lastIndexOf('/') + 1;
    return [toText(path).slice(0, at), toText(path).slice(at)];
  }),
};

export const FILEPATH: Functions = {
  ...PATH,
  Rel: typed('aa', (from, to) => {
    const found = relative(toText(from), toText(to));
    return found === '' ? '.' : found;
  }),
  ToSlash: textTo((path) => path),
  FromSlash: textTo((path) => path),
  VolumeName: textTo(() => ''),
};

export const BASE64: Functions = {
  Encode: textTo((text) => Buffer.from(text).toString('base64')),
  Decode: textTo((text) => decode(text)),
  DecodeBytes: textTo((text) => decode(text)),
};

function decode(text: string): string {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text.trim())) throw new Error('illegal base64 data');
  return textOfBytes(Buffer.from(text, 'base64'));
}

export const CRYPTO: Functions = {
  ...Object.fromEntries(
    ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((name) => [name.toUpperCase(), textTo((text) => hash(name, text))]),
  ),
  SHA512_224: textTo((text) => hash('sha512-224', text)),
  SHA512_256: textTo((text) => hash('sha512-256', text)),
  WPAPSK: typed('aa', (ssid, password) => pbkdf2Sync(toText(password), toText(ssid), 4096, 32, 'sha1').toString('hex')),
  PBKDF2: typed('aaaaa*', (password, salt, rounds, length, ...name) =>
    pbkdf2Sync(
      toText(password),
      toText(salt),
      toNumber(rounds),
      toNumber(length),
      name.length > 0 ? toText(name[0]).replace('-', '').toLowerCase() : 'sha1',
    ).toString('hex'),
  ),
};

/** Gomplate's `test`. */
export const TEST: Functions = {
  Assert: typed('aa*', (...args) => {
    if (args.at(-1) === true) return '';
    throw new Error(args.length > 1 ? `assertion failed: ${toText(args[0])}` : 'assertion failed');
  }),
  Fail: typed('a*', (...args) => {
    throw new Error(args.length > 0 ? `template generation failed: ${toText(args[0])}` : 'template generation failed');
  }),
  IsKind: typed('sa', (kind, value) => kindOf(value) === kind || (kind === 'number' && /^(u?int|float)/.test(kindOf(value)))),
  Kind: typed('a', kindOf),
  Required: typed('aa*', (...args) => {
    const value = args.at(-1);
    if (value !== null && value !== undefined && value !== '') return value;
    throw new Error(args.length > 1 ? toText(args[0]) : 'can not render template: a required value was not set');
  }),
  Ternary: typed('aaa', (yes, no, condition) => (isTrue(condition) ? yes : no)),
};

export const TIME: Readonly<Record<string, Value | Method>> = {
  ...LAYOUTS,
  Now: typed('', () => new Time(Date.now(), 'Local')),
  Unix: typed('a', (seconds) => new Time(toNumber(seconds) * 1000, 'Local')),
  Parse: typed('sa', (layout, text) => parseTime(layout, toText(text))),
  ParseLocal: typed('sa', (layout, text) => parseTime(layout, toText(text), 'Local')),
  ParseInLocation: typed('ssa', (layout, zone, text) => parseTime(layout, toText(text), zone)),
  ParseDuration: typed('a', (text) => parseDuration(toText(text))),
  Since: typed('a', (time) => new Duration((Date.now() - (time instanceof Time ? time.ms : 0)) * 1e6)),
  Until: typed('a', (time) => new Duration(((time instanceof Time ? time.ms : 0) - Date.now()) * 1e6)),
  ZoneName: typed('', () => 'UTC'),
  ZoneOffset: typed('', () => -new Date().getTimezoneOffset() * 60),
  ...Object.fromEntries(
    (
      [
        ['Nanosecond', 'ns'],
        ['Microsecond', 'us'],
        ['Millisecond', 'ms'],
        ['Second', 's'],
        ['Minute', 'm'],
        ['Hour', 'h'],
      ] as const
    ).map(([name, unit]) => [name, typed('a', (count) => new Duration(toNumber(count) * (UNITS[unit] ?? 0)))]),
  ),
};

/** An address, a prefix or a range of addresses: printed as it was written. */
class Address extends Opaque {
  readonly type: string;
  readonly #text: string;
  readonly #members: Readonly<Record<string, Value | Method>>;

  constructor(type: string, text: string, members: Readonly<Record<string, Value | Method>>) {
    super();
    this.type = type;
    this.#text = text;
    this.#members = { ...members, String: () => text };
  }

  print(): string {
    return this.#text;
  }

  member(name: string): Value | Method {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }
}

function address(text: string): Address {
  const parts = text.split('.').map(Number);
  const isV4 = /^\d+(\.\d+){3}$/.test(text) && parts.every((part) => part < 256);
  if (!isV4 && !/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) throw new Error(`ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
  return new Address('netip.Addr', text, {
    Is4: () => isV4,
    Is6: () => !isV4,
    IsPrivate: () => isV4 && /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(text),
  });
}

function prefix(text: string): Address {
  const [, ip = '', bits = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  if (bits === '') throw new Error(`netip.ParsePrefix(${JSON.stringify(text)}): no '/'`);
  const inner = address(ip);
  return new Address('netip.Prefix', text, { Bits: () => Number(bits), Addr: () => inner, IP: () => inner, IsValid: () => true });
}

const EXPERIMENTAL = typed('a*', () => {
  throw new Error('experimental function, not enabled');
});

/** Gomplate's `net`, but for what asks the network. */
export const NET: Functions = {
  ParseIP: typed('a', (text) => address(toText(text))),
  ParseAddr: typed('a', (text) => address(toText(text))),
  ParseIPPrefix: typed('a', (text) => prefix(toText(text))),
  ParsePrefix: typed('a', (text) => prefix(toText(text))),
  ParseIPRange: typed('a', (text) => {
    const [from = '', to = ''] = toText(text).split('-');
    return new Address('netaddr.IPRange', toText(text), { From: () => address(from), To: () => address(to) });
  }),
  CIDRHost: EXPERIMENTAL,
  CIDRNetmask: EXPERIMENTAL,
  CIDRSubnets: EXPERIMENTAL,
  CIDRSubnetSizes: EXPERIMENTAL,
};

export const UUID: Functions = {
  V4: typed('', () => randomUUID()),
  Nil: typed('', () => '00000000-0000-0000-0000-000000000000'),
  IsValid: typed('a', (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(toText(text))),
  Parse: typed('a', (text) => toText(text).toLowerCase()),
};
