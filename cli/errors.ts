import { AtmosError, diskError, type ErrorKind, type Position } from '../engine/index.ts';
import type { Format } from './formats.ts';
import { yaml } from './globals.ts';
import { masked, say, tell } from './streams.ts';

const EXIT_CODES: Readonly<Record<ErrorKind, number>> = { failed: 1, invalid: 2, refused: 3, environment: 4, interrupted: 130 };

const WORDS: Readonly<Partial<Record<ErrorKind, string>>> = { refused: 'refused', interrupted: 'interrupted' };

/** Reports an error: for people on stderr; with `--format json` or `yaml` as a document on stdout as well. Returns the exit code. */
export async function report(error: unknown, format: Format, verbose: boolean): Promise<number> {
  const known = error instanceof AtmosError ? error : (diskError(error) ?? fault(error));
  const all = [known, ...known.others].map(withoutSecrets);
  if (format === 'json' || format === 'yaml') {
    const document = { error: jsonOf(all[0] ?? known), ...(all.length > 1 ? { errors: all.map(jsonOf) } : {}) };
    const text = format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : await yaml(document);
    say(text);
  }
  tell(`${all.map((one) => forPeople(one)).join('\n')}\n`);
  if (all.length > 1) tell(`${all.length} errors\n`);
  if (verbose && error instanceof Error) tell(`${masked(error.stack ?? '')}\n`);
  return EXIT_CODES[known.kind];
}

/** Errors tell what tools said, and show lines of files. */
function withoutSecrets({ message, kind, code, position, hint }: AtmosError): AtmosError {
  const { excerpt } = position ?? {};
  const shown = excerpt === undefined ? position : { ...position, excerpt: { ...excerpt, lines: excerpt.lines.map(masked) } };
  return new AtmosError(masked(message), {
    kind,
    code,
    position: shown as Position | undefined,
    hint: hint === undefined ? undefined : masked(hint),
  });
}

/** Anything else that is thrown is a fault of ours. */
function fault(error: unknown): AtmosError {
  const message = error instanceof Error ? error.message : String(error);
  return new AtmosError(`internal error (this is a bug: please report it): ${message}`, {
    kind: 'failed',
    code: 'internal',
    hint: 'rerun with --verbose, and add what it prints to the report',
  });
}

function jsonOf({ code, message, position, hint }: AtmosError) {
  const { file = null, line = null, column = null } = position ?? {};
  return { code, message, file, line, column, hint: hint ?? null };
}

/** `file:line:column error: …`, the excerpt with the place marked, and what to do. */
export function forPeople({ kind, message, position, hint }: AtmosError, word = WORDS[kind] ?? 'error'): string {
  // Loaded when there is something to tell.
  const { styleText } = process.getBuiltinModule('node:util');
  const isWarning = word === 'warning';
  const mark = styleText(isWarning ? 'yellow' : 'red', isWarning ? '!' : '✖', { stream: process.stderr });
  if (position === undefined) return `${mark} ${word}: ${message}${hint === undefined ? '' : `\n  ${hint}`}`;
  const where = `${position.file}:${position.line}:${position.column}`;
  const shown = excerpt(position, hint);
  return `${styleText('bold', where, { stream: process.stderr })} ${styleText(isWarning ? 'yellow' : 'red', word, { stream: process.stderr })}: ${message}${shown}`;
}

function excerpt({ line, column, length = 1, excerpt: shown }: Position, hint: string | undefined): string {
  const advice = hint === undefined ? '' : ` ${hint}`;
  if (shown === undefined) return hint === undefined ? '' : `\n  ${hint}`;
  const width = String(shown.first + shown.lines.length - 1).length + 3;
  const lines = shown.lines.map((text, index) => `${String(shown.first + index).padStart(width)} | ${text}`);
  const marker = `${' '.repeat(width)} | ${' '.repeat(Math.max(0, column - 1))}${'^'.repeat(Math.max(1, length))}${advice}`;
  const at = line - shown.first;
  return `\n${[...lines.slice(0, at + 1), marker, ...lines.slice(at + 1)].join('\n')}`;
}
