import { randomUUID } from 'node:crypto';
import { basename, dirname, extname, isAbsolute, normalize } from 'node:path/posix';
import { Duration, parseDuration } from '../formats/duration.ts';
import { meets, Version } from '../formats/semver.ts';
import { parseTime, Time, ZERO } from '../formats/time.ts';
import type { Functions } from '../language/call.ts';
import { typed } from '../language/signature.ts';
import { type Dict, text, type Value } from '../language/values.ts';
import { toInt } from './numbers.ts';

function timeOf(value: Value): Time {
  if (value instanceof Time) return value;
  if (typeof value === 'number' || typeof value === 'bigint') return new Time(Number(value) * 1000, 'Local');
  return new Time(Date.now(), 'Local');
}

function urlParse(source: string): Dict {
  const found = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(source);
  if (found === null) throw new Error(`unable to parse url: ${source}`);
  const [, scheme = '', userinfo = '', host = '', path = '', query = '', fragment = ''] = found;
  const opaque = scheme !== '' && host === '' && !path.startsWith('/') ? path : '';
  return {
    scheme,
    host,
    hostname: host.replace(/:\d*$/, ''),
    path: opaque === '' ? decodeURIComponent(path) : '',
    query,
    opaque,
    fragment: decodeURIComponent(fragment),
    userinfo,
  };
}

function urlJoin(parts: Dict): string {
  const part = (name: string): string => text(parts[name]);
  const path = part('path') !== '' && !part('path').startsWith('/') ? `/${part('path')}` : part('path');
  const authority = part('host') === '' ? '' : `//${part('userinfo') === '' ? '' : `${part('userinfo')}@`}${part('host')}`;
  const scheme = part('scheme') === '' ? '' : `${part('scheme')}:`;
  return `${scheme}${part('opaque') === '' ? `${authority}${path}` : part('opaque')}${part('query') === '' ? '' : `?${part('query')}`}${part('fragment') === '' ? '' : `#${part('fragment')}`}`;
}

function durationOf(value: Value): Duration {
  // Anything but a text is no duration to Sprig.
  return new Duration(typeof value === 'string' ? Number(toInt(value)) * 1e9 : 0);
}

const ROUND: readonly (readonly [string, number])[] = [
  ['y', 365 * 86_400],
  ['mo', 30 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** The largest unit alone: `2h10m5s` is `2h`. */
function durationRound(value: Value): string {
  const seconds =
    value instanceof Time
      ? (Date.now() - value.ms) / 1000
      : (value instanceof Duration ? value : typeof value === 'string' ? parseDuration(value) : new Duration(0)).ns / 1e9;
  const [unit, size] = ROUND.find(([, one]) => Math.abs(seconds) >= one) ?? ['s', 1];
  return `${Math.trunc(Math.abs(seconds) / size)}${unit}`;
}

/** Go's zero time for what is no date: `mustToDate` is the one that fails. */
function dateOrZero(layout: string, value: string): Time {
  try {
    return parseTime(layout, value, 'Local');
  } catch {
    return new Time(ZERO, 'UTC');
  }
}

/** path.Clean. */
export function cleanPath(path: string): string {
  return path === '' ? '.' : normalize(path).replace(/(?<=.)\/$/, '');
}

/** path.Base. */
export function baseOf(path: string): string {
  return path === '' ? '.' : path.replace(/\/+$/, '') === '' ? '/' : basename(path);
}

/** Sprig's functions of paths, URLs, versions, dates and identifiers. */
export const WORLD: Functions = {
  base: typed('s', baseOf),
  dir: typed('s', dirname),
  clean: typed('s', cleanPath),
  ext: typed('s', extname),
  isAbs: typed('s', isAbsolute),
  osBase: typed('s', baseOf),
  osDir: typed('s', dirname),
  osClean: typed('s', cleanPath),
  osExt: typed('s', extname),
  osIsAbs: typed('s', isAbsolute),
  urlParse: typed('s', urlParse),
  urlJoin: typed('m', urlJoin),
  semver: typed('s', (version) => new Version(version)),
  semverCompare: typed('ss', (constraint, version) => meets(constraint, new Version(version))),
  now: typed('', () => new Time(Date.now(), 'Local')),
  ago: typed('a', (value) => new Duration(Math.floor((Date.now() - timeOf(value).ms) / 1000) * 1e9).print()),
  date: typed('sa', (layout, value) => timeOf(value).in('Local').format(layout)),
  dateInZone: typed('sas', (layout, value, zone) => timeOf(value).in(zone).format(layout)),
  date_in_zone: typed('sas', (layout, value, zone) => timeOf(value).in(zone).format(layout)),
  htmlDate: typed('a', (value) => timeOf(value).in('Local').format('2006-01-02')),
  htmlDateInZone: typed('as', (value, zone) => timeOf(value).in(zone).format('2006-01-02')),
  toDate: typed('ss', dateOrZero),
  mustToDate: typed('ss', (layout, value) => parseTime(layout, value, 'Local')),
  dateModify: typed('sa', (by, value) => new Time(timeOf(value).ms + parseDuration(by).ns / 1e6, timeOf(value).zone)),
  date_modify: typed('sa', (by, value) => new Time(timeOf(value).ms + parseDuration(by).ns / 1e6, timeOf(value).zone)),
  mustDateModify: typed('sa', (by, value) => new Time(timeOf(value).ms + parseDuration(by).ns / 1e6, timeOf(value).zone)),
  must_date_modify: typed('sa', (by, value) => new Time(timeOf(value).ms + parseDuration(by).ns / 1e6, timeOf(value).zone)),
  unixEpoch: typed('a', (value) => String(Math.floor(timeOf(value).ms / 1000))),
  duration: typed('a', (value) => durationOf(value).print()),
  durationRound: typed('a', durationRound),
  uuidv4: typed('', () => randomUUID()),
};
