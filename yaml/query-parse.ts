/** What a path takes: a key, an item, or each of them. */
export const EACH = Symbol('each');
export type Part = string | number | typeof EACH;

/** A query in the form of yq, as far as it is known here. */
export type Query =
  | { readonly kind: 'path'; readonly from: Query | undefined; readonly parts: readonly Part[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Query[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Query, value: Query])[] }
  | { readonly kind: 'call'; readonly name: Called; readonly args: readonly Query[] }
  | { readonly kind: 'pipe'; readonly left: Query; readonly right: Query }
  | { readonly kind: 'alternative'; readonly left: Query; readonly right: Query }
  | { readonly kind: 'sum' | Comparison | 'and' | 'or'; readonly left: Query; readonly right: Query };

export type Comparison = 'equal' | 'unequal' | 'less' | 'more' | 'atMost' | 'atLeast';

/** Functions, and how many arguments each takes. */
const CALLS = {
  ...{ length: 0, keys: 0, not: 0, sort: 0, reverse: 0, unique: 0, to_entries: 0, min: 0, max: 0, upcase: 0, downcase: 0 },
  ...{ map: 1, map_values: 1, select: 1, has: 1, join: 1, split: 1, sort_by: 1 },
} as const;
export type Called = keyof typeof CALLS;

const TOKEN =
  /\s*(?:(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<number>-?\d+(?:\.\d+)?)|(?<sign>\/\/|[=!<>]=|[|+<>()[\]{},:.])|(?<word>[\w-]+))/y;

interface Token {
  readonly type: 'string' | 'number' | 'sign' | 'word';
  readonly text: string;
  /** Nothing stands between it and what is before it. */
  readonly isTight: boolean;
}

/** Loosest first, as in yq; those of one line bind alike. */
const OPERATORS: readonly Readonly<Record<string, Binary>>[] = [
  { or: 'or', and: 'and' },
  { '|': 'pipe' },
  { '==': 'equal', '!=': 'unequal', '<': 'less', '>': 'more', '<=': 'atMost', '>=': 'atLeast' },
  { '//': 'alternative' },
  { '+': 'sum' },
];
type Binary = 'pipe' | 'alternative' | 'sum' | Comparison | 'and' | 'or';

/** `undefined` for what is not known. */
export function parseQuery(text: string): Query | undefined {
  const tokens = tokensOf(text.trim());
  if (tokens === undefined) return undefined;
  const parser = new Parser(tokens);
  const query = parser.expression(0);
  return parser.isAtEnd ? query : undefined;
}

/** The names that a query takes from the map that it is asked of; `undefined` where it takes the whole map. */
export function namesIn(query: Query): readonly string[] | undefined {
  switch (query.kind) {
    case 'path': {
      if (query.from !== undefined) return namesIn(query.from);
      const [first] = query.parts;
      return typeof first === 'string' ? [first] : undefined;
    }
    case 'literal':
      return [];
    case 'call':
      return undefined;
    case 'list':
      return union(query.items);
    case 'map':
      return union(query.entries.flat());
    case 'pipe':
      return namesIn(query.left);
    default:
      return union([query.left, query.right]);
  }
}

/** Whether a query has something else where what it names is not there. */
export function hasFallback(query: Query): boolean {
  switch (query.kind) {
    case 'alternative':
      return true;
    case 'list':
      return query.items.some(hasFallback);
    case 'map':
      return query.entries.flat().some(hasFallback);
    case 'path':
      return query.from !== undefined && hasFallback(query.from);
    case 'call':
      return query.args.some(hasFallback);
    case 'literal':
      return false;
    default:
      return hasFallback(query.left) || hasFallback(query.right);
  }
}

function union(queries: readonly Query[]): readonly string[] | undefined {
  const names = queries.map(namesIn);
  return names.every((one) => one !== undefined) ? [...new Set(names.flat())] : undefined;
}

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const before = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    const [type, token] = Object.entries(found?.groups ?? {}).find(([, one]) => one !== undefined) ?? [];
    if (found === null || type === undefined || token === undefined) return undefined;
    tokens.push({ type: type as Token['type'], text: token, isTight: TOKEN.lastIndex - before === token.length && before > 0 });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  expression(level: number): Query | undefined {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.#primary();
    let left = this.expression(level + 1);
    for (let kind = this.#operator(operators); left !== undefined && kind !== undefined; kind = this.#operator(operators)) {
      const right = this.expression(level + 1);
      left = right === undefined ? undefined : ({ kind, left, right } as Query);
    }
    return left;
  }

  #operator(operators: Readonly<Record<string, Binary>>): Binary | undefined {
    const token = this.#tokens[this.#at];
    const isOne = token !== undefined && token.type !== 'string' && Object.hasOwn(operators, token.text);
    if (!isOne) return undefined;
    this.#at += 1;
    return operators[token.text];
  }

  #primary(): Query | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined) return undefined;
    if (token.type === 'sign' && token.text === '.') return this.#path(undefined);
    this.#at += 1;
    switch (token.type) {
      case 'string':
        return this.#path({ kind: 'literal', value: textOf(token.text) });
      case 'number':
        return { kind: 'literal', value: Number(token.text) };
      case 'word':
        return this.#word(token.text);
      default:
        return this.#bracketed(token.text);
    }
  }

  #bracketed(sign: string): Query | undefined {
    if (sign === '(') {
      const inner = this.expression(0);
      return inner !== undefined && this.#take(')') ? this.#path(inner) : undefined;
    }
    if (sign === '[') {
      const items = this.#separated(']', () => this.expression(0));
      return items === undefined ? undefined : { kind: 'list', items };
    }
    if (sign !== '{') return undefined;
    const entries = this.#separated('}', () => {
      const key = this.#key();
      const value = key !== undefined && this.#take(':') ? this.expression(0) : undefined;
      return key === undefined || value === undefined ? undefined : ([key, value] as const);
    });
    return entries === undefined ? undefined : { kind: 'map', entries };
  }

  #key(): Query | undefined {
    const token = this.#tokens[this.#at];
    if (token?.type !== 'word') return this.expression(OPERATORS.length);
    this.#at += 1;
    return { kind: 'literal', value: token.text };
  }

  #separated<T>(end: string, read: () => T | undefined): readonly T[] | undefined {
    const items: T[] = [];
    if (this.#take(end)) return items;
    for (;;) {
      const item = read();
      if (item === undefined) return undefined;
      items.push(item);
      if (this.#take(end)) return items;
      if (!this.#take(',')) return undefined;
    }
  }

  #word(word: string): Query | undefined {
    if (!Object.hasOwn(CALLS, word)) return literalOf(word);
    const name = word as Called;
    if (CALLS[name] === 0) return { kind: 'call', name, args: [] };
    const argument = this.#take('(') ? this.expression(0) : undefined;
    return argument !== undefined && this.#take(')') ? { kind: 'call', name, args: [argument] } : undefined;
  }

  /** `.name`, `."name"`, `["name"]`, `[1]` and `[]`, one after the other without a space between. */
  #path(from: Query | undefined): Query | undefined {
    const parts: Part[] = [];
    const isNext = (sign: string, isFirst: boolean): boolean => (isFirst || this.#tokens[this.#at]?.isTight === true) && this.#take(sign);
    const begins = from === undefined;
    for (;;) {
      const isFirst = begins && parts.length === 0;
      const hasDot = isNext('.', isFirst);
      if (isNext('[', false)) {
        const token = this.#tokens[this.#at];
        if (this.#take(']')) {
          parts.push(EACH);
          continue;
        }
        if (token?.type !== 'string' && token?.type !== 'number') return undefined;
        this.#at += 1;
        if (!this.#take(']')) return undefined;
        parts.push(token.type === 'number' ? Number(token.text) : textOf(token.text));
      } else if (hasDot) {
        const token = this.#tokens[this.#at];
        const isName = token?.isTight === true && token.type !== 'sign';
        if (!isName) return isFirst ? { kind: 'path', from, parts } : undefined;
        this.#at += 1;
        parts.push(token.type === 'string' ? textOf(token.text) : token.text);
      } else return parts.length === 0 && from !== undefined ? from : { kind: 'path', from, parts };
    }
  }

  #take(sign: string | undefined): boolean {
    const token = this.#tokens[this.#at];
    if (token?.type !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }
}

function literalOf(word: string): Query | undefined {
  if (word === 'null' || word === '~') return { kind: 'literal', value: null };
  return word === 'true' || word === 'false' ? { kind: 'literal', value: word === 'true' } : undefined;
}

function textOf(token: string): string {
  return token.startsWith('"') ? (JSON.parse(token) as string) : token.slice(1, -1);
}
