import type { Body, Template, TemplateNode } from './ast.ts';
import { TemplateError } from './errors.ts';
import { type Delimiters, lex, type Piece } from './lex.ts';
import { TokenReader } from './pipeline.ts';

const GO: Delimiters = { left: '{{', right: '}}' };

/** What was parsed last, by delimiters and text: a template stands in many components. */
const known = new Map<string, Template>();
const MOST_KNOWN = 2000;

/** @throws TemplateError with the offset of what is wrong. */
export function parseTemplate(source: string, delimiters: Delimiters = GO): Template {
  const key = `${delimiters.left} ${delimiters.right} ${source}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const template = new Parser(lex(source, delimiters), source.length).template();
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, template);
  return template;
}

type Action = Extract<Piece, { kind: 'action' }>;
interface Ending {
  readonly body: Body;
  /** The action that ended the list: `end`, or `else` with what follows it. */
  readonly by: { readonly keyword: 'end' | 'else' | 'eof'; readonly reader: TokenReader | undefined; readonly piece: Action | undefined };
}

class Parser {
  readonly #pieces: readonly Piece[];
  readonly #length: number;
  readonly #defined = new Map<string, Body>();
  #next = 0;
  /** How many `range` are open. */
  #loops = 0;

  constructor(pieces: readonly Piece[], length: number) {
    this.#pieces = pieces;
    this.#length = length;
  }

  template(): Template {
    const { body, by } = this.#list();
    if (by.keyword !== 'eof') throw new TemplateError(`unexpected {{${by.keyword}}}`, by.piece?.at ?? 0);
    return { body, defined: this.#defined };
  }

  #list(): Ending {
    const body: TemplateNode[] = [];
    for (let piece = this.#pieces[this.#next]; piece !== undefined; piece = this.#pieces[this.#next]) {
      this.#next += 1;
      if (piece.kind === 'text') {
        body.push({ kind: 'text', text: piece.text, at: piece.at, end: piece.at + piece.text.length });
        continue;
      }
      const reader = new TokenReader(piece.tokens, piece.at);
      const keyword = reader.keyword();
      if (keyword === 'end' || keyword === 'else') {
        if (keyword === 'end') reader.finish();
        return { body, by: { keyword, reader, piece } };
      }
      const node = this.#node(keyword, reader, piece);
      if (node !== undefined) body.push(node);
    }
    return { body, by: { keyword: 'eof', reader: undefined, piece: undefined } };
  }

  #node(keyword: string | undefined, reader: TokenReader, piece: Action): TemplateNode | undefined {
    const { at, end } = piece;
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return this.#control(keyword, reader, at);
      case 'define': {
        const name = reader.string();
        reader.finish();
        if (this.#defined.has(name)) throw new TemplateError(`multiple definition of template ${JSON.stringify(name)}`, at);
        this.#defined.set(name, this.#block(at));
        return undefined;
      }
      case 'block': {
        const name = reader.string();
        const pipe = reader.pipe();
        this.#defined.set(name, this.#block(at));
        return { kind: 'template', name, pipe, at, end: this.#end() };
      }
      case 'template': {
        const name = reader.string();
        return { kind: 'template', name, pipe: reader.done ? undefined : reader.pipe(), at, end };
      }
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw new TemplateError(`{{${keyword}}} outside {{range}}`, at);
        reader.finish();
        return { kind: keyword, at, end };
      default:
        return { kind: 'action', pipe: reader.pipe(), at, end };
    }
  }

  #control(kind: 'if' | 'with' | 'range', reader: TokenReader, at: number): TemplateNode {
    const pipe = reader.pipe();
    if (kind === 'range') this.#loops += 1;
    const { body, by } = this.#list();
    if (kind === 'range') this.#loops -= 1;
    const otherwise = by.keyword === 'else' ? this.#otherwise(kind, by) : undefined;
    if (by.keyword === 'eof') throw new TemplateError(`{{${kind}}} has no {{end}}`, at);
    return { kind, pipe, body, otherwise, at, end: this.#end() };
  }

  #otherwise(kind: 'if' | 'with' | 'range', by: Ending['by']): Body {
    const { reader, piece } = by;
    if (reader === undefined || piece === undefined) throw new TemplateError('unexpected {{else}}', 0);
    if (reader.done) return this.#block(piece.at);
    const keyword = reader.keyword();
    if (keyword !== kind || kind === 'range') throw new TemplateError('{{else}} takes no arguments here', piece.at);
    // `else if`: a control of its own, whose end is ours too.
    return [this.#control(kind, reader, piece.at)];
  }

  #block(at: number): Body {
    const { body, by } = this.#list();
    if (by.keyword !== 'end')
      throw new TemplateError(by.keyword === 'eof' ? 'a block has no {{end}}' : 'unexpected {{else}}', by.piece?.at ?? at);
    return body;
  }

  /** Offset behind the piece that was read last. */
  #end(): number {
    const piece = this.#pieces[this.#next - 1];
    return piece?.kind === 'action' ? piece.end : this.#length;
  }
}
