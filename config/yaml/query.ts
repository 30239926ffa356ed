import { errorAt, type Located, locate, type Place, plain } from './located.ts';
import { parseQuery, type Query } from './query-parse.ts';

/**
 * What a query in the form of yq gives: `.service.port`, `.regions[1]`, `."a.b"`, `.items[-1].name`; literals, lists and maps; `+`, `// fallback` and
 * pipes, with `length` and `keys`.
 * @throws AtmosError `query` for what it does not know
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
  return new Asked(expression, at).answer(parsed, value);
}

class Asked {
  readonly #expression: string;
  readonly #at: Place;

  constructor(expression: string, at: Place) {
    this.#expression = expression;
    this.#at = at;
  }

  answer(asked: Query, of: Located): Located {
    switch (asked.kind) {
      case 'literal':
        return locate(asked.value, this.#at);
      case 'path': {
        const start = asked.from === undefined ? of : this.answer(asked.from, of);
        return asked.parts.reduce((value, part) => this.#part(value, part), start);
      }
      case 'list':
        return { kind: 'list', items: asked.items.map((item) => this.answer(item, of)), at: this.#at };
      case 'map': {
        const entries = asked.entries.map(
          ([key, value]) => [String(plain(this.answer(key, of))), { keyAt: this.#at, value: this.answer(value, of) }] as const,
        );
        return { kind: 'map', entries: new Map(entries), at: this.#at };
      }
      case 'call':
        return asked.name === 'length' ? locate(lengthOf(of), this.#at) : this.#keys(of);
      case 'pipe':
        return this.answer(asked.right, this.answer(asked.left, of));
      case 'alternative': {
        const left = this.answer(asked.left, of);
        const isNothing = left.kind === 'scalar' && (left.value === null || left.value === false);
        return isNothing ? this.answer(asked.right, of) : left;
      }
      case 'sum':
        return this.#sum(this.answer(asked.left, of), this.answer(asked.right, of));
      default:
        return asked satisfies never;
    }
  }

  #part(value: Located, part: string | number): Located {
    const found = typeof part === 'number' ? itemOf(value, part) : value.kind === 'map' ? value.entries.get(part)?.value : undefined;
    return found ?? locate(null, this.#at);
  }

  #keys(value: Located): Located {
    if (value.kind === 'map') return locate([...value.entries.keys()], this.#at);
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
    throw errorAt(this.#at, `this query adds what can't be added: ${this.#expression}`, {
      code: 'query',
      hint: 'two numbers, two lists or two maps can be, or anything to a text',
    });
  }
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
  return errorAt(at, `this query is not understood: ${expression}`, {
    code: 'query',
    hint: 'it may be like .service.port, .regions[1], ."a.b" or ["a"], with "+", "| length", "| keys" or "// fallback" behind it',
  });
}
