import { resolve } from 'node:path';
import { AtmosError } from '../../engine/index.ts';
import { writeOut } from '../../reports/index.ts';
import type { Format, LOG_FORMATS } from './formats.ts';

/** What every verb takes. */
export interface Globals {
  readonly format: Format;
  readonly chdir: string;
  readonly config: string | undefined;
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** The verb's own words: first of all the deployment. */
  readonly words: readonly string[];
  /** `--target`, where the verb has it and it was given. */
  readonly target?: string;
  readonly logFormat: (typeof LOG_FORMATS)[number];
}

/** A file that an argument names, absolute: `--chdir` works as if started there. An empty name stays empty. */
export function fileIn({ chdir }: Pick<Globals, 'chdir'>, path: string): string {
  return path === '' ? '' : resolve(chdir, path);
}

/** Prints an answer: one document on stdout and nothing else, or what is made for people. */
export async function print(
  format: Format,
  document: unknown,
  people: () => string | Promise<string>,
  markdown?: () => string,
): Promise<void> {
  const text = await textOf(format, document, people, markdown);
  writeOut(text === '' || text.endsWith('\n') ? text : `${text}\n`);
}

/**
 * Prints an answer, and throws the failure that it may hold. People see both; a program gets one document, which is then the error.
 * @throws AtmosError the failure
 */
export async function printOrFail(
  format: Format,
  { document, failure }: { readonly document: unknown; readonly failure: AtmosError | undefined },
  people: () => string | Promise<string>,
  markdown?: () => string,
): Promise<void> {
  if (failure === undefined || format === 'table' || format === 'markdown') await print(format, document, people, markdown);
  if (failure !== undefined) throw failure;
}

async function textOf(
  format: Format,
  document: unknown,
  people: () => string | Promise<string>,
  markdown: (() => string) | undefined,
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(document, null, 2);
    case 'yaml':
      return yaml(document);
    case 'table':
      return people();
    case 'markdown':
      return (markdown ?? people)();
    default:
      return format satisfies never;
  }
}

/** A document as YAML. */
export async function yaml(document: unknown): Promise<string> {
  return (await import('./yaml.ts')).yamlOf(document);
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
