/**
 * What went wrong, as the command line tells it apart:
 * `failed` a node or phase failed (exit 1), `invalid` wrong usage or configuration (2), `refused` by policy (3),
 * `environment` the machine lacks something (4), `interrupted` by the user (130).
 */
export type ErrorKind = 'failed' | 'invalid' | 'refused' | 'environment' | 'interrupted';

/** A place in a text file, for people and editors: `line` and `column` count from 1. */
export interface Position {
  /** Relative to the repository's root where it lies in it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters of the line are meant; 1 if not said. */
  readonly length?: number;
  /** The lines around it, to be shown: first line's number and the lines. */
  readonly excerpt?: { readonly first: number; readonly lines: readonly string[] };
}

export interface ErrorDetails {
  readonly kind: ErrorKind;
  /** Stable name in kebab-case, for programs: `unknown-key`. */
  readonly code: string;
  readonly position?: Position | undefined;
  /** What to do about it, or what was expected. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Further errors found at the same time; this one is the first. */
  readonly others?: readonly AtmosError[] | undefined;
}

/** The one class of errors that are meant for the reader. Anything else that is thrown is a fault of ours. */
export class AtmosError extends Error {
  override readonly name = 'AtmosError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly position: Position | undefined;
  readonly hint: string | undefined;
  readonly others: readonly AtmosError[];

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = details.kind;
    this.code = details.code;
    this.position = details.position;
    this.hint = details.hint;
    this.others = details.others ?? [];
  }
}

/** Several errors as one: the first, with the others. `undefined` where there are none. */
export function asOne(errors: readonly AtmosError[]): AtmosError | undefined {
  const [first, ...others] = errors;
  if (first === undefined || others.length === 0) return first;
  const { message, kind, code, position, hint } = first;
  return new AtmosError(message, { kind, code, position, hint, others });
}

/** True for errors of the file system that say "there is nothing of that name". */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Node's `code` of an error (`ENOENT`, `EEXIST`, …), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether a file could not be written because its disk, or a limit, does not let us. */
export function isUnwritable(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}
