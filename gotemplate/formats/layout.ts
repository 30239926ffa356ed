export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Go's layouts by name (package time). */
export const LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
  Kitchen: '3:04PM',
  Stamp: 'Jan _2 15:04:05',
  StampMilli: 'Jan _2 15:04:05.000',
  StampMicro: 'Jan _2 15:04:05.000000',
  StampNano: 'Jan _2 15:04:05.000000000',
};

/** Minutes east of UTC that a zone is at an instant. @throws Error for a zone that is not known */
export function offsetOf(zone: string, ms: number): number {
  if (zone === 'UTC' || zone === '') return 0;
  if (zone === 'Local') return -new Date(ms).getTimezoneOffset();
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(ms);
  } catch (cause) {
    throw new Error(`unknown time zone ${zone}`, { cause });
  }
  const [, sign = '+', hours = '0', minutes = '0'] =
    /GMT([-+])?(\d\d)?:?(\d\d)?/.exec(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

export function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

const TOKENS =
  /January|Jan|Monday|Mon|MST|2006|__2|_2|002|01|02|03|04|05|06|15|PM|pm|Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;

function formatToken(token: string, at: Date, offset: number, zone: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour = at.getUTCHours() % 12 === 0 ? 12 : at.getUTCHours() % 12;
  const simple: Readonly<Record<string, () => string>> = {
    January: () => MONTHS[at.getUTCMonth()] ?? '',
    Jan: () => (MONTHS[at.getUTCMonth()] ?? '').slice(0, 3),
    Monday: () => DAYS[at.getUTCDay()] ?? '',
    Mon: () => (DAYS[at.getUTCDay()] ?? '').slice(0, 3),
    MST: () => (zone === 'UTC' || offset === 0 ? 'UTC' : offsetText(offset, '')),
    '2006': () => String(at.getUTCFullYear()).padStart(4, '0'),
    '06': () => two(at.getUTCFullYear() % 100),
    '01': () => two(at.getUTCMonth() + 1),
    '1': () => String(at.getUTCMonth() + 1),
    '02': () => two(at.getUTCDate()),
    _2: () => String(at.getUTCDate()).padStart(2),
    '2': () => String(at.getUTCDate()),
    '002': () => String(dayOfYear(at)).padStart(3, '0'),
    __2: () => String(dayOfYear(at)).padStart(3),
    '15': () => two(at.getUTCHours()),
    '03': () => two(hour),
    '3': () => String(hour),
    '04': () => two(at.getUTCMinutes()),
    '4': () => String(at.getUTCMinutes()),
    '05': () => two(at.getUTCSeconds()),
    '5': () => String(at.getUTCSeconds()),
    PM: () => (at.getUTCHours() < 12 ? 'AM' : 'PM'),
    pm: () => (at.getUTCHours() < 12 ? 'am' : 'pm'),
  };
  const known = simple[token];
  if (known !== undefined) return known();
  if (/^[.,]/.test(token)) return fraction(token, at.getUTCMilliseconds());
  if (token.startsWith('Z') && offset === 0) return 'Z';
  const separator = token.includes(':') ? ':' : '';
  return token.length <= 3 ? offsetText(offset, '').slice(0, 3) : offsetText(offset, separator);
}

function fraction(token: string, ms: number): string {
  const digits = String(ms)
    .padStart(3, '0')
    .padEnd(token.length - 1, '0')
    .slice(0, token.length - 1);
  if (token[1] === '0') return token[0] + digits;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : token[0] + trimmed;
}

function offsetText(minutes: number, separator: string): string {
  const magnitude = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(magnitude / 60))}${separator}${two(magnitude % 60)}`;
}

/** time.Format. */
export function formatInstant({ ms, zone }: Instant, layout: string): string {
  const offset = offsetOf(zone, ms);
  const local = new Date(ms + offset * 60_000);
  return layout.replaceAll(TOKENS, (token) => formatToken(token, local, offset, zone));
}

/** A point in time, in milliseconds since the epoch, and the zone that it is told in. */
export interface Instant {
  readonly ms: number;
  readonly zone: string;
}

/** time.Parse, in the zone where the layout has none. @throws Error when the text is not as the layout says */
export function parseInstant(layout: string, text: string, zone: string): Instant {
  const names: string[] = [];
  const source = layout
    .replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll(new RegExp(TOKENS.source.replaceAll('[.,]', '\\\\?[.,]'), 'g'), (token) => {
      names.push(token.replace(/^\\/, ''));
      return patternOf(token.replace(/^\\/, ''));
    });
  const found = new RegExp(`^${source}$`).exec(text);
  if (found === null) throw new Error(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse`);
  const field = {
    year: 1,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    ms: 0,
    offset: undefined as number | undefined,
    pm: undefined as boolean | undefined,
  };
  for (const [index, token] of names.entries()) readToken(token, found[index + 1] ?? '', field);
  const hour = field.pm === undefined ? field.hour : (field.hour % 12) + (field.pm ? 12 : 0);
  const date = new Date(0);
  date.setUTCFullYear(field.year, field.month - 1, field.day);
  date.setUTCHours(hour, field.minute, field.second, field.ms);
  if (date.getUTCMonth() !== field.month - 1) throw new Error(`parsing time ${JSON.stringify(text)}: day out of range`);
  const offset = field.offset ?? offsetOf(zone, date.getTime());
  return { ms: date.getTime() - offset * 60_000, zone: field.offset === 0 ? 'UTC' : zone };
}

function patternOf(token: string): string {
  if (/^[JM]/.test(token) && token !== 'MST') return '([A-Za-z]+)';
  if (token === 'MST') return '([A-Z]{3,4}|[-+]\\d{2,4})';
  if (/^[.,]/.test(token)) return '((?:[.,]\\d+)?)';
  if (/^[Z-]/.test(token)) return '(Z|[-+]\\d\\d(?::?\\d\\d)?)';
  if (/pm/i.test(token)) return '([AaPp][Mm])';
  return token === '2006' ? '(\\d{4})' : token.length === 2 && !token.startsWith('_') ? '(\\d\\d)' : ' ?(\\d{1,3})';
}

interface ParsedTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  offset: number | undefined;
  pm: boolean | undefined;
}

function readToken(token: string, text: string, into: ParsedTime): void {
  const number = Number(text);
  if (token === '2006') into.year = number;
  else if (token === '06') into.year = number + (number >= 69 ? 1900 : 2000);
  else if (token === 'January' || token === 'Jan') into.month = MONTHS.findIndex((name) => name.startsWith(text)) + 1;
  else if (token === '01' || token === '1') into.month = number;
  else if (token === '02' || token === '_2' || token === '2') into.day = number;
  else if (token === '15' || token === '03' || token === '3') into.hour = number;
  else if (token === '04' || token === '4') into.minute = number;
  else if (token === '05' || token === '5') into.second = number;
  else if (/^[.,]/.test(token)) into.ms = text === '' ? 0 : Math.trunc(Number(`0.${text.slice(1)}`) * 1000);
  else if (/^pm$/i.test(token)) into.pm = text.toUpperCase() === 'PM';
  else if (/^[Z-]/.test(token)) {
    const [, sign, hours = '0', minutes = '0'] = /^([-+])(\d\d):?(\d\d)?$/.exec(text) ?? [];
    into.offset = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  }
}
