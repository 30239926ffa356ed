import type { Notice } from '../app/index.ts';
import type { AtmosError, Position } from '../engine/index.ts';

/** How notices are marked: by the word that says what they are. */
const COLOURS = { error: 'red', refused: 'red', interrupted: 'red', warning: 'yellow' } as const;
export type NoticeWord = keyof typeof COLOURS;

/** `file:line:column error: …`, the excerpt with the place marked, and what to do. Lines of files come from the error itself. */
export function noticeText({ message, file, line, column, hint }: Notice, word: NoticeWord, position?: Position): string {
  // Loaded when there is something to show.
  const { styleText } = process.getBuiltinModule('node:util');
  const style = (colour: 'red' | 'yellow' | 'bold', text: string): string => styleText(colour, text, { stream: process.stderr });
  const colour = COLOURS[word];
  if (file === null) return `${style(colour, word === 'warning' ? '!' : '✖')} ${word}: ${message}${hint === null ? '' : `\n  ${hint}`}`;
  const shown = position?.excerpt === undefined ? (hint === null ? '' : `\n  ${hint}`) : excerptText(position, hint);
  return `${style('bold', `${file}:${line}:${column}`)} ${style(colour, word)}: ${message}${shown}`;
}

function excerptText({ line, column, length = 1, excerpt }: Position, hint: string | null): string {
  if (excerpt === undefined) return '';
  const width = String(excerpt.first + excerpt.lines.length - 1).length + 3;
  const lines = excerpt.lines.map((text, index) => `${String(excerpt.first + index).padStart(width)} | ${text}`);
  const advice = hint === null ? '' : ` ${hint}`;
  const marker = `${' '.repeat(width)} | ${' '.repeat(Math.max(0, column - 1))}${'^'.repeat(Math.max(1, length))}${advice}`;
  const at = line - excerpt.first;
  return `\n${[...lines.slice(0, at + 1), marker, ...lines.slice(at + 1)].join('\n')}`;
}

/** What an error of a kind is called. */
export function wordOf(kind: AtmosError['kind']): NoticeWord {
  return kind === 'refused' || kind === 'interrupted' ? kind : 'error';
}
