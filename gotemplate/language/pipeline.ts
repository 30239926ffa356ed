import { float, type GoNumber, parseInteger } from '../../yaml/index.ts';
import type { Command, Operand, Pipe } from './ast.ts';
import { TemplateError } from './errors.ts';
import type { Token } from './lex.ts';

/** Reads the tokens of one action. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #at: number;
  #next = 0;

  constructor(tokens: readonly Token[], at: number) {
    this.#tokens = tokens;
    this.#at = at;
  }

  get done(): boolean {
    this.#skipSpace();
    return this.#next >= this.#tokens.length;
  }

  /** The keyword that the action begins with, if it does. */
  keyword(): string | undefined {
    this.#skipSpace();
    const token = this.#tokens[this.#next];
    if (token?.type !== 'identifier' || !KEYWORDS.has(token.text)) return undefined;
    this.#next += 1;
    return token.text;
  }

  string(): string {
    this.#skipSpace();
    const token = this.#tokens[this.#next];
    if (token?.type !== 'string') throw new TemplateError('a name in quotes is missing', token?.at ?? this.#at);
    this.#next += 1;
    return unquote(token);
  }

  finish(): void {
    if (!this.done)
      throw new TemplateError(`unexpected ${this.#tokens[this.#next]?.text} in action`, this.#tokens[this.#next]?.at ?? this.#at);
  }

  /** A whole pipeline, to the end of the action. */
  pipe(): Pipe {
    const pipe = this.#pipe();
    this.finish();
    return pipe;
  }

  #skipSpace(): void {
    while (this.#tokens[this.#next]?.type === 'space') this.#next += 1;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #isOperator(text: string): boolean {
    const token = this.#peek();
    return token?.type === 'operator' && token.text === text;
  }

  #pipe(): Pipe {
    this.#skipSpace();
    const at = this.#peek()?.at ?? this.#at;
    const { declares, assigns } = this.#declarations();
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command());
      this.#skipSpace();
      if (!this.#isOperator('|')) break;
      this.#next += 1;
    }
    return { declares, assigns, commands, at };
  }

  #declarations(): { declares: readonly string[]; assigns: boolean } {
    const begin = this.#next;
    const names: string[] = [];
    while (this.#peek()?.type === 'variable') {
      names.push(this.#peek()?.text ?? '');
      this.#next += 1;
      this.#skipSpace();
      if (this.#isOperator(',')) {
        this.#next += 1;
        this.#skipSpace();
        continue;
      }
      if (this.#isOperator(':=') || this.#isOperator('=')) {
        const assigns = this.#isOperator('=');
        this.#next += 1;
        return { declares: names, assigns };
      }
      break;
    }
    this.#next = begin;
    return { declares: [], assigns: false };
  }

  #command(): Command {
    this.#skipSpace();
    const at = this.#peek()?.at ?? this.#at;
    const args: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token === undefined || (token.type === 'operator' && (token.text === '|' || token.text === ')'))) break;
      args.push(this.#operand(token));
    }
    if (args.length === 0) throw new TemplateError('missing value for command', at);
    return { args, at, end: args.at(-1)?.end ?? at };
  }

  #operand(token: Token): Operand {
    this.#next += 1;
    const { at } = token;
    /** Fields belong to what they follow; the end is known once they are read. */
    const path = (first: readonly string[] = []): { path: readonly string[]; at: number; end: number } => {
      const read = [...first, ...this.#path()];
      return { path: read, at, end: this.#end() };
    };
    const literal = (value: null | boolean | GoNumber | string): Operand => ({ kind: 'literal', value, at, end: this.#end() });
    switch (token.type) {
      case 'string':
        return literal(unquote(token));
      case 'char':
        return literal(token.text.slice(1, -1).codePointAt(0) ?? 0);
      case 'number':
        return literal(numberOf(token));
      case 'dot':
        return { kind: 'dot', at, end: this.#end() };
      case 'field':
        return { kind: 'field', ...path([token.text.slice(1)]) };
      case 'variable':
        return { kind: 'variable', name: token.text, ...path() };
      case 'identifier':
        if (token.text === 'true' || token.text === 'false') return literal(token.text === 'true');
        if (token.text === 'nil') return literal(null);
        return { kind: 'function', name: token.text, ...path() };
      case 'operator': {
        if (token.text !== '(') throw new TemplateError(`unexpected ${token.text} in operand`, at);
        const pipe = this.#pipe();
        this.#skipSpace();
        if (!this.#isOperator(')')) throw new TemplateError('unclosed left paren', at);
        this.#next += 1;
        return { kind: 'pipe', pipe, ...path() };
      }
      default:
        throw new TemplateError(`unexpected ${token.text}`, at);
    }
  }

  /** Offset behind the token that was read last. */
  #end(): number {
    const token = this.#tokens[this.#next - 1];
    return token === undefined ? this.#at : token.at + token.text.length;
  }

  /** Fields that follow without a space: `.a.b`. */
  #path(): readonly string[] {
    const path: string[] = [];
    for (let token = this.#peek(); token?.type === 'field'; token = this.#peek()) {
      path.push(token.text.slice(1));
      this.#next += 1;
    }
    return path;
  }
}

const KEYWORDS = new Set(['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue']);

function numberOf({ text, at }: Token): GoNumber {
  const digits = text.replaceAll('_', '');
  const whole = parseInteger(digits);
  if (whole !== undefined) return whole;
  const value = Number(digits.replace(/^\+/, ''));
  if (Number.isNaN(value)) throw new TemplateError(`bad number syntax: ${text}`, at);
  return float(value);
}

/** Go's escapes of one letter that JSON does not have. */
const SINGLE: Readonly<Record<string, number>> = { a: 7, v: 11, "'": 39 };

function unquote({ text, at }: Token): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    // Go's escapes are JSON's, and these besides.
    const json = text.replaceAll(/\\(x[0-9a-fA-F]{2}|[av']|[0-7]{3})/g, (_, sequence: string) => {
      const code = SINGLE[sequence] ?? Number.parseInt(sequence.replace('x', ''), sequence.startsWith('x') ? 16 : 8);
      return `\\u${code.toString(16).padStart(4, '0')}`;
    });
    return JSON.parse(json.replaceAll('\t', '\\t')) as string;
  } catch (cause) {
    throw new TemplateError(`bad string syntax: ${text}`, at, { cause });
  }
}
