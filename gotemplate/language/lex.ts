import { TemplateError } from './errors.ts';

/** A token of an action, with its offset in the template. */
export interface Token {
  readonly type: 'identifier' | 'field' | 'variable' | 'string' | 'number' | 'char' | 'operator' | 'dot' | 'space';
  readonly text: string;
  readonly at: number;
}

/** A run of text, or the tokens between delimiters. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly at: number; readonly end: number };

export interface Delimiters {
  readonly left: string;
  readonly right: string;
}

// Letters beyond ASCII are not told from other characters there: asking Unicode costs more than all else of reading a template.
const TOKEN =
  /(?<space>\s+)|(?<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?<char>'(?:\\[^\n]+?|[^'\\\n])')|(?<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?))|(?<variable>\$[\w\u0080-\uFFFF]*)|(?<field>\.[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)|(?<dot>\.)|(?<identifier>[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)|(?<operator>:=|=|\||\(|\)|,)/y;

/** Splits a template into text and actions (Go text/template): `{{- ` and ` -}}` trim the text beside them, comments vanish. */
export function lex(source: string, { left, right }: Delimiters): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const start = source.indexOf(left, at);
    let text = source.slice(at, start === -1 ? source.length : start);
    if (trimNext) text = text.trimStart();
    trimNext = false;
    if (start === -1) {
      if (text !== '') pieces.push({ kind: 'text', text, at });
      break;
    }
    let inner = start + left.length;
    if (/^-\s/.test(source.slice(inner, inner + 2))) {
      text = text.trimEnd();
      inner += 1;
    }
    if (text !== '') pieces.push({ kind: 'text', text, at });
    const comment = /^\s*\/\*/.exec(source.slice(inner));
    const action = comment === null ? lexAction(source, inner, start, right) : lexComment(source, inner, start, right);
    if (action.tokens !== undefined) pieces.push({ kind: 'action', tokens: action.tokens, at: start, end: action.end });
    trimNext = action.trim;
    at = action.end;
  }
  return pieces;
}

interface Lexed {
  readonly tokens: readonly Token[] | undefined;
  readonly end: number;
  readonly trim: boolean;
}

function lexComment(source: string, inner: number, start: number, right: string): Lexed {
  const close = source.indexOf('*/', inner);
  if (close === -1) throw new TemplateError('unclosed comment', start);
  const rest = /^\s+-/.exec(source.slice(close + 2));
  const at = close + 2 + (rest?.[0].length ?? /^\s*/.exec(source.slice(close + 2))?.[0].length ?? 0);
  if (!source.startsWith(right, at)) throw new TemplateError('comment ends before closing delimiter', start);
  return { tokens: undefined, end: at + right.length, trim: rest !== null };
}

function lexAction(source: string, inner: number, start: number, right: string): Lexed {
  const tokens: Token[] = [];
  let at = inner;
  for (;;) {
    const trim = /^\s+-/.exec(source.slice(at, at + 64));
    if (trim !== null && source.startsWith(right, at + trim[0].length))
      return { tokens, end: at + trim[0].length + right.length, trim: true };
    if (source.startsWith(right, at)) return { tokens, end: at + right.length, trim: false };
    if (at >= source.length) throw new TemplateError('unclosed action', start);
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(source)?.groups;
    const found = Object.entries(groups ?? {}).find(([, text]) => text !== undefined);
    if (found === undefined) throw new TemplateError(`unexpected ${JSON.stringify(source[at])} in action`, at);
    const [type, text = ''] = found;
    tokens.push({ type: type as Token['type'], text, at });
    at += text.length;
  }
}
