import { plainScalar, type Scalar } from './scalar.ts';

/** A text as Go's yaml.v3 writes it as a value: what stands before it, itself, and what stands after. */
export interface Emitted {
  readonly style: 'plain' | 'single' | 'literal' | 'double' | 'escaped';
  /** A document with one key, `v`. Double quotes are left out: they would change the text itself. */
  readonly text: string;
}

/** Words that YAML 1.1 takes for booleans, and numbers of base 60: written in quotes. */
const OLD = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/;

export function emit(text: string): Emitted {
  const hasSpecial = [...text].some(
    (character) => character !== '\n' && character !== '\t' && /[\p{Cc}\p{Cs}\uFEFF\u2028\u2029\u0085]/u.test(character),
  );
  const hasSpaceBreak = / \n/.test(text);
  if (text.includes('\n')) {
    if (hasSpecial || hasSpaceBreak || text.endsWith(' ')) return { style: 'double', text };
    return { style: 'literal', text: literal(text) };
  }
  if (hasSpecial || text.includes('\t')) return { style: 'double', text };
  return isPlain(text) ? { style: 'plain', text: `v: ${text}\n` } : { style: 'single', text: `v: '${text.replaceAll("'", "''")}'\n` };
}

/** As Atmos writes a text with a `'` where the templates' delimiters have one. */
export function emitEscaped(text: string): Emitted {
  const escaped = text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return { style: 'escaped', text: `v: "${escaped}"\n` };
}

function literal(text: string): string {
  const lines = text.replace(/\n+$/, '').split('\n');
  const chomping = !text.endsWith('\n') ? '-' : /\n\n$/.test(text) || text === '\n' ? '+' : '';
  const indent = /^[ \n]/.test(text) ? '4' : '';
  const ending = '\n'.repeat(Math.max(1, /\n*$/.exec(text)?.[0].length ?? 1));
  return `v: |${indent}${chomping}\n${lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}${ending}`;
}

/** Whether a text would be read as another type, had it no quotes. */
export function looksOtherwise(text: string): boolean {
  return text === '' || typeof plainScalar(text) !== 'string' || OLD.test(text);
}

/** Whether a text of one line stands without quotes. */
export function isPlain(text: string): boolean {
  if (looksOtherwise(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](?:\s|$)/.test(text) || /^(?:---|\.\.\.)/.test(text)) return false;
  return !/: |:$| #|^ | $/.test(text);
}

/**
 * What a rendered text means, read as YAML where `emit` wrote it.
 * @throws Error when what a template gave broke the form that it stands in
 */
export function readEmitted({ style }: Emitted, text: string): Scalar {
  const value = text.slice('v: '.length, -1);
  switch (style) {
    case 'plain':
      return readPlain(value);
    case 'single':
      return readSingle(value.slice(1, -1));
    case 'literal':
      return readLiteral(text.slice('v: |'.length));
    case 'double':
      return text;
    case 'escaped':
      return readEscaped(value.slice(1, -1));
    default:
      return style satisfies never;
  }
}

function readPlain(text: string): Scalar {
  const value = text.replace(/(?:^|\s)#.*$/s, '').trim();
  if (/\n/.test(value)) throw new Error('gives several lines where one can stand: put the text in quotes');
  if (/:(?:\s|$)/.test(value)) throw new Error('gives ": " where a text has no quotes: put the text in quotes');
  return plainScalar(value);
}

function readSingle(text: string): string {
  if (/(?<!')'(?:'')*(?!')/.test(text)) throw new Error("gives a ' that ends the text: use two of them");
  return folded(text.replaceAll("''", "'"));
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', t: '\t' };

function readEscaped(text: string): string {
  if (/^(?:[^"\\]|\\[\s\S])*"/.test(text)) throw new Error('gives a " that ends the text: put \\ before it');
  return folded(text).replaceAll(/\\([\s\S])/g, (sequence, character: string) => {
    const meant = ESCAPES[character];
    if (meant === undefined) throw new Error(`gives ${sequence}, which is no escape: put another \\ before it`);
    return meant;
  });
}

/** A line break is a space, and several are one less. */
function folded(text: string): string {
  return text.replaceAll(/[ \t]*\n[ \t\n]*/g, (breaks) => {
    const count = breaks.split('\n').length - 1;
    return count === 1 ? ' ' : '\n'.repeat(count - 1);
  });
}

function readLiteral(text: string): string {
  const [, chomping = '', body = ''] = /^4?([-+]?)\s*?\n([\s\S]*)$/.exec(text) ?? [];
  const lines = body.split('\n').map((line) => {
    if (line.trim() !== '' && !line.startsWith('    ')) throw new Error('gives a line that is not indented as its text is: indent it');
    return line.slice(4);
  });
  const all = lines.join('\n');
  const content = all.replace(/\n+$/, '');
  if (chomping === '-') return content;
  return chomping === '+' ? all : content === '' ? '' : `${content}\n`;
}

/** Whether a text that stands without quotes is read as itself. */
export function readsAsItself(text: string): boolean {
  return !text.includes('\n') && isPlain(text);
}
