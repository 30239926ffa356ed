import { float } from '../../yaml/index.ts';
import { type Method, Opaque, type Value } from '../language/values.ts';

/** time.Duration, in nanoseconds. */
export class Duration extends Opaque {
  readonly type = 'time.Duration';
  readonly ns: number;

  constructor(ns: number) {
    super();
    this.ns = ns;
  }

  /** `1h30m0s` */
  print(): string {
    const magnitude = Math.abs(this.ns);
    const sign = this.ns < 0 ? '-' : '';
    if (magnitude === 0) return '0s';
    if (magnitude < 1e9) {
      const [size, unit] = magnitude < 1e3 ? [1, 'ns'] : magnitude < 1e6 ? [1e3, 'µs'] : [1e6, 'ms'];
      return `${sign}${magnitude / size}${unit}`;
    }
    const hours = Math.floor(magnitude / 3.6e12);
    const minutes = Math.floor((magnitude % 3.6e12) / 6e10);
    const seconds = `${Number(((magnitude % 6e10) / 1e9).toFixed(9))}s`;
    return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}`;
  }

  member(name: string): Value | Method {
    const members: Readonly<Record<string, Value | Method>> = {
      Hours: () => float(this.ns / 3.6e12),
      Minutes: () => float(this.ns / 6e10),
      Seconds: () => float(this.ns / 1e9),
      Milliseconds: () => Math.trunc(this.ns / 1e6),
      Microseconds: () => Math.trunc(this.ns / 1e3),
      Nanoseconds: () => this.ns,
      String: () => this.print(),
      Round: (to) => (to instanceof Duration ? new Duration(Math.round(this.ns / to.ns) * to.ns) : undefined),
      Truncate: (to) => (to instanceof Duration ? new Duration(Math.trunc(this.ns / to.ns) * to.ns) : undefined),
    };
    return Object.hasOwn(members, name) ? members[name] : undefined;
  }
}

export const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

/** time.ParseDuration: `-1.5h`, `2h45m`. @throws Error */
export function parseDuration(text: string): Duration {
  const [, sign = '', body = ''] = /^([-+]?)((?:\d+\.?\d*(?:ns|us|µs|ms|s|m|h)|\.\d+(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text) ?? [];
  if (body === '') throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const total = [...body.matchAll(/(\d*\.?\d*)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0),
    0,
  );
  return new Duration(sign === '-' ? -total : total);
}
