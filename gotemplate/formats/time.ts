import { type Method, Opaque, type Value } from '../language/values.ts';
import { Duration } from './duration.ts';
import { DAYS, dayOfYear, formatInstant, MONTHS, offsetOf, parseInstant } from './layout.ts';

/** time.Time: an instant, to the millisecond, in a zone. */
export class Time extends Opaque {
  readonly type = 'time.Time';
  readonly ms: number;
  readonly zone: string;

  constructor(ms: number, zone: string) {
    super();
    this.ms = ms;
    this.zone = zone;
  }

  print(): string {
    return this.format('2006-01-02 15:04:05.999999999 -0700 MST');
  }

  format(layout: string): string {
    return formatInstant(this, layout);
  }

  in(zone: string): Time {
    offsetOf(zone, this.ms);
    return new Time(this.ms, zone);
  }

  member(name: string): Value | Method {
    const local = new Date(this.ms + offsetOf(this.zone, this.ms) * 60_000);
    const members: Readonly<Record<string, Value | Method>> = {
      Format: (layout) => this.format(String(layout)),
      UTC: () => new Time(this.ms, 'UTC'),
      Local: () => new Time(this.ms, 'Local'),
      Unix: () => Math.floor(this.ms / 1000),
      UnixMilli: () => this.ms,
      UnixNano: () => Number(BigInt(this.ms) * 1_000_000n),
      Year: () => local.getUTCFullYear(),
      Month: () => MONTHS[local.getUTCMonth()],
      Day: () => local.getUTCDate(),
      Hour: () => local.getUTCHours(),
      Minute: () => local.getUTCMinutes(),
      Second: () => local.getUTCSeconds(),
      YearDay: () => dayOfYear(local),
      Weekday: () => DAYS[local.getUTCDay()],
      IsZero: () => this.ms === ZERO,
      String: () => this.print(),
      Add: (by) => (by instanceof Duration ? new Time(this.ms + by.ns / 1e6, this.zone) : undefined),
      AddDate: (years, months, days) =>
        new Time(
          Date.UTC(
            local.getUTCFullYear() + Number(years),
            local.getUTCMonth() + Number(months),
            local.getUTCDate() + Number(days),
            local.getUTCHours(),
            local.getUTCMinutes(),
            local.getUTCSeconds(),
            local.getUTCMilliseconds(),
          ),
          this.zone,
        ),
      Sub: (other) => (other instanceof Time ? new Duration((this.ms - other.ms) * 1e6) : undefined),
      Before: (other) => other instanceof Time && this.ms < other.ms,
      After: (other) => other instanceof Time && this.ms > other.ms,
      Equal: (other) => other instanceof Time && this.ms === other.ms,
    };
    return Object.hasOwn(members, name) ? members[name] : undefined;
  }
}

/** Go's zero time. */
export const ZERO = Date.parse('0001-01-01T00:00:00Z');

/** time.Parse, in UTC where the layout has no zone. @throws Error when the text is not as the layout says */
export function parseTime(layout: string, text: string, zone = 'UTC'): Time {
  const { ms, zone: told } = parseInstant(layout, text, zone);
  return new Time(ms, told);
}
