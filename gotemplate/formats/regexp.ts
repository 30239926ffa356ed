import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

/** Loaded when the first expression is compiled: most templates have none, and they can't wait for it. */
let library: typeof import('re2js') | undefined;

function compile(source: string): RE2JS {
  library ??= createRequire(import.meta.url)('re2js') as typeof import('re2js');
  return library.RE2JS.compile(source);
}

/** A match: where it is, and what its groups hold; `undefined` for a group that took no part, or is not there. */
interface Match {
  readonly index: number;
  readonly text: string;
  group(name: number | string): string | undefined;
}

/** Go's regular expressions, whose time is linear in the text whatever the expression. */
export class GoRegExp {
  readonly #expression: RE2JS;

  /** @throws Error for an expression that is none, in Go's words */
  constructor(source: string) {
    this.#expression = compile(source);
  }

  test(text: string): boolean {
    return this.#matches(text).next().done !== true;
  }

  find(text: string): string | undefined {
    const found = this.#matches(text).next();
    return found.done === true ? undefined : found.value.text;
  }

  /** At most `count` of them; all when it is negative. */
  findAll(text: string, count: number): readonly string[] {
    const all = [...this.#matches(text)].map((match) => match.text);
    return count < 0 ? all : all.slice(0, count);
  }

  /** `$1`, `${1}`, `${name}` stand for groups; a name is as long as it can be, and one that there is not stands for nothing. */
  replaceAll(text: string, template: string): string {
    return this.#replace(text, (match) =>
      template.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
        const name = braced ?? bare;
        if (name === undefined) return whole === '$$' ? '$' : whole;
        return match.group(/^\d+$/.test(name) ? Number(name) : name) ?? '';
      }),
    );
  }

  replaceLiteral(text: string, replacement: string): string {
    return this.#replace(text, () => replacement);
  }

  /** At most `count` parts; all when it is negative. */
  split(text: string, count: number): readonly string[] {
    if (count === 0) return [];
    const parts: string[] = [];
    let from = 0;
    for (const match of this.#matches(text)) {
      if (count > 0 && parts.length === count - 1) break;
      const end = match.index + match.text.length;
      if (end === 0 || (match.text === '' && match.index >= text.length)) continue;
      parts.push(text.slice(from, match.index));
      from = end;
    }
    return [...parts, text.slice(from)];
  }

  *#matches(text: string): Generator<Match> {
    const matcher = this.#expression.matcher(text);
    const names = new Set(Object.keys(this.#expression.namedGroups()));
    let last = -1;
    while (matcher.find()) {
      const index = matcher.start();
      const whole = matcher.group() ?? '';
      // Go takes no empty match right behind another one.
      if (whole === '' && index === last) continue;
      last = index + whole.length;
      const count = matcher.groupCount();
      yield {
        index,
        text: whole,
        group: (name) => ((typeof name === 'number' ? name <= count : names.has(name)) ? (matcher.group(name) ?? undefined) : undefined),
      };
    }
  }

  #replace(text: string, replacement: (match: Match) => string): string {
    let said = '';
    let from = 0;
    for (const match of this.#matches(text)) {
      said += text.slice(from, match.index) + replacement(match);
      from = match.index + match.text.length;
    }
    return said + text.slice(from);
  }
}

/** regexp.QuoteMeta. */
export function quoteMeta(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
