import { VARS_FILE } from './module.ts';

/** An error as Terraform prints it for people. */
export interface Diagnostic {
  /** Its summary: `Invalid value for variable`. */
  readonly summary: string;
  /** What it says below the excerpt, on one line; may be empty. */
  readonly detail: string;
  /** Relative to the root module; `undefined` when it names none. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** The variable that it shows a value of, where the file is the generated one with its variables. */
  readonly variable: string | undefined;
}

/** The first error in what Terraform wrote without colours; `undefined` when there is none in its form. */
export function readDiagnostic(output: string): Diagnostic | undefined {
  const lines = output.split('\n').map((line) => line.replace(/^[│╷╵]\s?/, ''));
  const errors = lines.flatMap((line, index) => (line.startsWith('Error: ') ? [index] : []));
  // Some say only that others follow.
  const start =
    errors.find(
      (at) =>
        !isPreface(
          lines
            .slice(
              at,
              errors.find((next) => next > at),
            )
            .join(' '),
        ),
    ) ??
    errors[0] ??
    -1;
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const next = rest.findIndex((line) => /^(Error|Warning): /.test(line));
  const own = next === -1 ? rest : rest.slice(0, next);
  const place = own.map((line) => /^\s+(?:on|with .* on) (\S+) line (\d+)/.exec(line)).find((match) => match !== null);
  // Place, excerpt and values are indented; what is said about them is not.
  const detail = own.filter((line) => line.trim() !== '' && !/^\s/.test(line)).join(' ');
  return {
    summary: lines[start]?.slice('Error: '.length) ?? '',
    detail,
    file: place?.[1],
    line: place === undefined ? undefined : Number(place[2]),
    variable: place?.[1] === VARS_FILE ? variableIn(own) : undefined,
  };
}

/** Whether an error only says that there are others: "…, as described below." */
function isPreface(text: string): boolean {
  return /described below|error(\(s\)|s)? (above|below)/i.test(text.replaceAll(/\s+/g, ' '));
}

/** The excerpt shows the line: `   2:   "cidr": "not-a-range",`. */
function variableIn(lines: readonly string[]): string | undefined {
  return lines.map((line) => /^\s+\d+:\s+"([^"]+)":/.exec(line)?.[1]).find((name) => name !== undefined);
}
