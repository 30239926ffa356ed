import { jsonDigest } from '../engine/index.ts';
import { errorAt, type Located, locate, type Place, plain } from './located.ts';
import { type Called, type Comparison, EACH, type Part, parseQuery, type Query } from './query-parse.ts';

/**
 * What a query in the form of yq gives: `.service.port`, `.regions[1]`, `."a.b"`, `[.items[].name]`; literals, lists and maps; `+`, `// fallback`, comparisons and
 * pipes, with functions such as `length`, `keys`, `map(.name)` and `select(.name == "a")`.
 * @throws AtmosError `query` for what it does not know, and what gives several values
 */
export function query(value: Located, expression: string, at: Place): Located {
  let parsed: Query | undefined;
  try {
    parsed = expression.trim() === '' ? { kind: 'path', from: undefined, parts: [] } : parseQuery(expression);
  } catch (error) {
    // An escape that JSON does not have.
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (parsed === undefined) throw unknown(expression, at);
  const [first = locate(null, at), ...others] = new Asked(expression, at).answers(parsed, value);
  if (others.length === 0) return first;
  throw errorAt(at, `this query gives ${others.length + 1} values: ${expression}`, {
    code: 'query',
    hint: `make a list of them: [${expression}]`,
  });
}

class Asked {
  readonly #expression: string;
  readonly #at: Place;

  constructor(expression: string, at: Place) {
    this.#expression = expression;
    this.#at = at;
  }

  answers(asked: Query, of: Located): readonly Located[] {
    switch (asked.kind) {
      case 'literal':
        return [locate(asked.value, this.#at)];
      case 'path': {
        const start = asked.from === undefined ? [of] : this.answers(asked.from, of);
        return asked.parts.reduce<readonly Located[]>((values, part) => values.flatMap((value) => this.#part(value, part)), start);
      }
      case 'list':
        return [{ kind: 'list', items: asked.items.flatMap((item) => this.answers(item, of)), at: this.#at }];
      case 'map': {
        const entries = asked.entries.map(
          ([key, value]) => [String(plain(this.#one(key, of))), { keyAt: this.#at, value: this.#one(value, of) }] as const,
        );
        return [{ kind: 'map', entries: new Map(entries), at: this.#at }];
      }
      case 'call':
        return this.#call(asked.name, asked.args[0], of);
      case 'pipe':
        return this.answers(asked.left, of).flatMap((value) => this.answers(asked.right, value));
      case 'alternative': {
        const left = this.answers(asked.left, of).filter(isTrue);
        return left.length === 0 ? this.answers(asked.right, of) : left;
      }
      default:
        return this.answers(asked.left, of).flatMap((left) =>
          this.answers(asked.right, of).map((right) => this.#both(asked.kind, left, right)),
        );
    }
  }

  /** The first of the answers; null where there is none. */
  #one(asked: Query, of: Located): Located {
    return this.answers(asked, of)[0] ?? locate(null, this.#at);
  }

  #both(kind: 'sum' | 'and' | 'or' | Comparison, left: Located, right: Located): Located {
    if (kind === 'sum') return this.#sum(left, right);
    const isSo =
      kind === 'and' ? isTrue(left) && isTrue(right) : kind === 'or' ? isTrue(left) || isTrue(right) : compared(kind, left, right);
    return locate(isSo, this.#at);
  }

  #part(value: Located, part: Part): readonly Located[] {
    if (part === EACH) return itemsIn(value) ?? [];
    const found = typeof part === 'number' ? itemOf(value, part) : value.kind === 'map' ? value.entries.get(part)?.value : undefined;
    return [found ?? locate(null, this.#at)];
  }

  #call(name: Called, argument: Query | undefined, of: Located): readonly Located[] {
    const at = this.#at;
    const list = (items: readonly Located[]): readonly Located[] => [{ kind: 'list', items: [...items], at }];
    const apply = (value: Located): readonly Located[] => (argument === undefined ? [] : this.answers(argument, value));
    const items = (): readonly Located[] => {
      if (of.kind === 'list') return of.items;
      throw unknown(this.#expression, at);
    };
    const text = (): string => String(plain(argument === undefined ? of : this.#one(argument, of)));
    switch (name) {
      case 'length':
        return [locate(lengthOf(of), at)];
      case 'keys':
        return [this.#keys(of)];
      case 'not':
        return [locate(!isTrue(of), at)];
      case 'select':
        return apply(of).some(isTrue) ? [of] : [];
      case 'map':
        return list(items().flatMap(apply));
      case 'map_values':
        if (of.kind !== 'map') throw unknown(this.#expression, at);
        return [
          {
            ...of,
            entries: new Map([...of.entries].map(([key, entry]) => [key, { ...entry, value: apply(entry.value)[0] ?? entry.value }])),
          },
        ];
      case 'has': {
        const key = plain(argument === undefined ? of : this.#one(argument, of));
        const isThere = of.kind === 'map' ? of.entries.has(String(key)) : typeof key === 'number' && itemOf(of, key) !== undefined;
        return [locate(isThere, at)];
      }
      case 'join':
        return [
          locate(
            items()
              .map((item) => String(plain(item)))
              .join(text()),
            at,
          ),
        ];
      case 'split':
        return list(
          String(plain(of))
            .split(text())
            .map((part) => locate(part, at)),
        );
      case 'sort':
        return list([...items()].sort(order));
      case 'sort_by':
        return list([...items()].sort((a, b) => order(apply(a)[0] ?? a, apply(b)[0] ?? b)));
      case 'reverse':
        return list([...items()].reverse());
      case 'unique':
        return list([...new Map(items().map((item) => [jsonDigest(plain(item)), item])).values()]);
      case 'min':
        return [[...items()].sort(order)[0] ?? locate(null, at)];
      case 'max':
        return [[...items()].sort(order).at(-1) ?? locate(null, at)];
      case 'to_entries':
        if (of.kind !== 'map') throw unknown(this.#expression, at);
        return list(
          [...of.entries].map(([key, { value }]) => ({
            kind: 'map',
            at,
            entries: new Map([
              ['key', { keyAt: at, value: locate(key, at) }],
              ['value', { keyAt: at, value }],
            ]),
          })),
        );
      case 'upcase':
        return [locate(String(plain(of)).toUpperCase(), at)];
      case 'downcase':
        return [locate(String(plain(of)).toLowerCase(), at)];
      default:
        return name satisfies never;
    }
  }

  #keys(value: Located): Located {
    if (value.kind === 'map') return locate([...value.entries.keys()].sort(), this.#at);
    if (value.kind === 'list') return locate([...value.items.keys()], this.#at);
    throw unknown(this.#expression, this.#at);
  }

  /** Numbers are added, texts, lists and maps put together; nothing adds nothing. */
  #sum(left: Located, right: Located): Located {
    if (left.kind === 'scalar' && left.value === null) return right;
    if (right.kind === 'scalar' && right.value === null) return left;
    if (left.kind === 'list' && right.kind === 'list') return { ...left, items: [...left.items, ...right.items] };
    if (left.kind === 'map' && right.kind === 'map') {
      return { ...left, entries: new Map([...left.entries, ...right.entries]) };
    }
    const [one, other] = [plain(left), plain(right)];
    if (typeof one === 'number' && typeof other === 'number') return locate(one + other, this.#at);
    if (typeof one === 'string' && other !== null && typeof other !== 'object') return locate(`${one}${other}`, this.#at);
    throw errorAt(this.#at, `unsupported operands for "+": ${this.#expression}`, {
      code: 'query',
      hint: 'supported: number + number, list + list, map + map, or any value + string',
    });
  }
}

function isTrue(value: Located): boolean {
  return !(value.kind === 'scalar' && (value.value === null || value.value === false));
}

function compared(kind: Comparison, left: Located, right: Located): boolean {
  if (kind === 'equal' || kind === 'unequal') return (jsonDigest(plain(left)) === jsonDigest(plain(right))) === (kind === 'equal');
  const found = order(left, right);
  switch (kind) {
    case 'less':
      return found < 0;
    case 'more':
      return found > 0;
    case 'atMost':
      return found <= 0;
    case 'atLeast':
      return found >= 0;
    default:
      return kind satisfies never;
  }
}

/** Numbers by size, anything else by its text. */
function order(a: Located, b: Located): number {
  const [one, other] = [plain(a), plain(b)];
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [text, otherText] = [String(one), String(other)];
  return text === otherText ? 0 : text < otherText ? -1 : 1;
}

function itemsIn(value: Located): readonly Located[] | undefined {
  if (value.kind === 'list') return value.items;
  return value.kind === 'map' ? [...value.entries.values()].map((entry) => entry.value) : undefined;
}

function lengthOf(value: Located): number {
  if (value.kind === 'map') return value.entries.size;
  if (value.kind === 'list') return value.items.length;
  return value.kind === 'scalar' && value.value !== null ? [...String(value.value)].length : 0;
}

function itemOf(value: Located, index: number): Located | undefined {
  return value.kind === 'list' ? value.items.at(index) : undefined;
}

function unknown(expression: string, at: Place) {
  return errorAt(at, `invalid query: ${expression}`, {
    code: 'query',
    hint: 'it may be like .service.port, .regions[1], ["a"], [.items[].name], with "+", "| length", "| map(.name)", "| select(.a == 1)" or "// fallback" behind it',
  });
}
