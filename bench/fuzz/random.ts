/** Random choices that a seed decides: what was found once is found again. */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

const ODD = [
  null,
  true,
  -1,
  0,
  1e308,
  1.5,
  '',
  ' ',
  '../x',
  '/etc/passwd',
  '--upload-pack=x',
  'a\0b',
  '\u001b[2J',
  '\ud800',
  'x'.repeat(5000),
  [],
  {},
  [[]],
  { a: { b: { c: [null] } } },
  '__proto__',
  'constructor',
];

/** Something in a JSON value is another one, is gone, or is there twice. */
export function oddJson(value: unknown, chance: Chance): unknown {
  if (chance.below(4) === 0 || typeof value !== 'object' || value === null) return chance.of(ODD);
  if (Array.isArray(value)) {
    if (value.length === 0) return [chance.of(ODD)];
    const at = chance.below(value.length);
    const copy: unknown[] = [...value];
    if (chance.below(5) === 0) copy.splice(at, 1);
    else copy[at] = oddJson(value[at], chance);
    return copy;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return { [String(chance.of(['__proto__', 'constructor', '..', '']))]: chance.of(ODD) };
  const key = chance.of(keys);
  const members = value as Readonly<Record<string, unknown>>;
  if (chance.below(8) === 0) return Object.fromEntries(Object.entries(members).filter(([name]) => name !== key));
  if (chance.below(8) === 0) return { ...members, [String(chance.of(['../x', 'a/b', '.git', '', '__proto__']))]: members[key] };
  return { ...members, [key]: oddJson(members[key], chance) };
}

/** A text with parts of it, and of others, in places where they are not expected. */
export function oddText(text: string, tokens: readonly string[], chance: Chance): string {
  let odd = text;
  for (let count = 1 + chance.below(4); count > 0; count -= 1) {
    const from = chance.below(odd.length + 1);
    const to = Math.min(odd.length, from + chance.below(12));
    switch (chance.below(5)) {
      case 0:
        odd = odd.slice(0, from) + odd.slice(to);
        break;
      case 1:
        odd = odd.slice(0, to) + odd.slice(from);
        break;
      case 2:
        odd = odd.slice(0, from) + String.fromCodePoint(chance.below(0x250)) + odd.slice(to);
        break;
      case 3:
        odd = odd.slice(0, chance.below(3) === 0 ? from : odd.length);
        break;
      default:
        odd = odd.slice(0, from) + chance.of(tokens) + odd.slice(from);
    }
  }
  return odd;
}

export function oddBytes(bytes: Uint8Array, chance: Chance): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = chance.below(6); count > 0 && copy.length > 0; count -= 1) copy[chance.below(copy.length)] = chance.below(256);
  return chance.below(6) === 0 ? copy.subarray(0, chance.below(copy.length + 1)) : copy;
}
