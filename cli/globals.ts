import { stringify } from 'yaml';
import { AtmosError } from '../engine/index.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** What every verb takes. */
export interface Globals {
  readonly format: Format;
  readonly chdir: string;
  readonly config: string | undefined;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** Prints an answer: one document on stdout and nothing else, or what is made for people. */
export function print(format: Format, document: unknown, people: () => string): void {
  const text = textOf(format, document, people);
  process.stdout.write(text === '' || text.endsWith('\n') ? text : `${text}\n`);
}

function textOf(format: Format, document: unknown, people: () => string): string {
  switch (format) {
    case 'json':
      return JSON.stringify(document, null, 2);
    case 'yaml':
      return yaml(document);
    case 'table':
      return people();
    default:
      return format satisfies never;
  }
}

/** A document as YAML, nothing in it by anchor. */
export function yaml(document: unknown): string {
  return stringify(document, { aliasDuplicateObjects: false });
}

/** Columns padded to the widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** A value that must be one of some. @throws AtmosError `usage` */
export function oneOf<T extends string>(what: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new AtmosError(`${what} can't be "${value}"`, { kind: 'invalid', code: 'usage', hint: `it is one of: ${choices.join(', ')}` });
}
