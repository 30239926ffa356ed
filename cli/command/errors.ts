import { noticeOf } from '../../app/index.ts';
import { AtmosError, diskError, type ErrorKind, type Position } from '../../engine/index.ts';
import { masked, writeOut } from '../../reports/index.ts';
import type { Format } from '../answers/formats.ts';
import { yaml } from '../answers/globals.ts';
import { events } from './events.ts';

const EXIT_CODES: Readonly<Record<ErrorKind, number>> = { failed: 1, invalid: 2, refused: 3, environment: 4, interrupted: 130 };

/** Reports an error: as an event, and with `--format json` or `yaml` as a document on stdout as well. Returns the exit code. */
export async function report(error: unknown, format: Format): Promise<number> {
  const known = error instanceof AtmosError ? error : (diskError(error) ?? fault(error));
  const all = [known, ...known.others].map(withoutSecrets);
  if (format === 'json' || format === 'yaml') {
    const document = { error: jsonOf(all[0] ?? known), ...(all.length > 1 ? { errors: all.map(jsonOf) } : {}) };
    writeOut(format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : await yaml(document));
  }
  for (const one of all) events.emit({ type: 'error', kind: one.kind, ...noticeOf(one) }, one);
  return EXIT_CODES[known.kind];
}

/** Errors tell what tools said, and show lines of files. */
function withoutSecrets(error: AtmosError): AtmosError {
  const { message, kind, code, position, hint, stack } = error;
  const { excerpt } = position ?? {};
  const shown = excerpt === undefined ? position : { ...position, excerpt: { ...excerpt, lines: excerpt.lines.map(masked) } };
  const safe = new AtmosError(masked(message), {
    kind,
    code,
    position: shown as Position | undefined,
    hint: hint === undefined ? undefined : masked(hint),
  });
  safe.stack = masked((error.cause instanceof Error && code === 'internal' ? error.cause.stack : stack) ?? '');
  return safe;
}

/** Anything else that is thrown is a bug. */
function fault(error: unknown): AtmosError {
  const message = error instanceof Error ? error.message : String(error);
  return new AtmosError(`internal error (this is a bug: please report it): ${message}`, {
    kind: 'failed',
    code: 'internal',
    hint: 'rerun with --verbose, and add what it prints to the report',
    cause: error,
  });
}

function jsonOf({ code, message, position, hint }: AtmosError) {
  const { file = null, line = null, column = null } = position ?? {};
  return { code, message, file, line, column, hint: hint ?? null };
}
