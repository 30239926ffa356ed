/** Go's regular expressions (RE2 syntax) by JavaScript's. */
export class GoRegExp {
  readonly #expression: RegExp;

  /** @throws Error for an expression that is none */
  constructor(source: string) {
    const { body, flags } = translate(source);
    try {
      this.#expression = new RegExp(body, `g${flags}`);
    } catch (cause) {
      throw new Error(`error parsing regexp: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  test(text: string): boolean {
    return this.#matches(text).next().done !== true;
  }

  find(text: string): string | undefined {
    const found = this.#matches(text).next();
    return found.done === true ? undefined : found.value[0];
  }

  /** At most `count` of them; all when it is negative. */
  findAll(text: string, count: number): readonly string[] {
    const all = [...this.#matches(text)].map(([whole]) => whole);
    return count < 0 ? all : all.slice(0, count);
  }

  /** `$1`, `${1}`, `${name}` stand for groups; a name is as long as it can be, and one that there is not stands for nothing. */
  replaceAll(text: string, template: string): string {
    return this.#replace(text, (match) =>
      template.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
        const name = braced ?? bare;
        if (name === undefined) return whole === '$$' ? '$' : whole;
        return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
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
      const end = match.index + match[0].length;
      if (end === 0 || (match[0] === '' && match.index >= text.length)) continue;
      parts.push(text.slice(from, match.index));
      from = end;
    }
    return [...parts, text.slice(from)];
  }

  #matches(text: string): Generator<RegExpExecArray> {
    return matchesOf(new RegExp(this.#expression), text);
  }

  #replace(text: string, replacement: (match: RegExpExecArray) => string): string {
    let said = '';
    let from = 0;
    for (const match of this.#matches(text)) {
      said += text.slice(from, match.index) + replacement(match);
      from = match.index + match[0].length;
    }
    return said + text.slice(from);
  }
}

function* matchesOf(expression: RegExp, text: string): Generator<RegExpExecArray> {
  let last = -1;
  for (const match of text.matchAll(expression)) {
    // Go takes no empty match right behind another one.
    if (match[0] === '' && match.index === last) continue;
    last = match.index + match[0].length;
    yield match as RegExpExecArray;
  }
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** What RE2 writes in another way than JavaScript: flags in front, named groups, POSIX classes, `\A`, `\z`, `\Q…\E`. */
function translate(source: string): { readonly body: string; readonly flags: string } {
  let flags = 'u';
  let rest = source;
  for (let leading = /^\(\?([imsU]+)\)/.exec(rest); leading !== null; leading = /^\(\?([imsU]+)\)/.exec(rest)) {
    for (const flag of (leading[1] ?? '').replace('U', '')) if (!flags.includes(flag)) flags += flag;
    rest = rest.slice(leading[0].length);
  }
  const body = rest.replaceAll(
    /\\Q([\s\S]*?)(?:\\E|$)|\\([\s\S])|\(\?P?<(\w+)>|\[:(\^?)(\w+):\]/g,
    (whole, quoted?: string, escaped?: string, name?: string, negated?: string, posix?: string) => {
      if (quoted !== undefined) return quoteMeta(quoted);
      if (name !== undefined) return `(?<${name}>`;
      if (posix !== undefined) return negated === '' ? (POSIX[posix] ?? whole) : whole;
      if (escaped === 'A') return '(?<![\\s\\S])';
      if (escaped === 'z') return '(?![\\s\\S])';
      if (escaped === 'a') return '\\x07';
      // With the flag u, JavaScript takes no escape that means nothing.
      if (escaped !== undefined && /[^\w\s^$\\.*+?()[\]{}|/-]/.test(escaped)) return escaped;
      return whole;
    },
  );
  return { body, flags };
}

/** regexp.QuoteMeta. */
export function quoteMeta(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
