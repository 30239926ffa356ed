/** `+3 ~1 -2`; `no changes` when there are none. */
export function counts(changes: { readonly create: number; readonly update: number; readonly delete: number }): string {
  const parts = [
    ['+', changes.create],
    ['~', changes.update],
    ['-', changes.delete],
  ] as const;
  const said = parts.filter(([, count]) => count > 0).map(([sign, count]) => `${sign}${count}`);
  return said.length === 0 ? 'no changes' : said.join(' ');
}

/** How long ago, in the largest unit that says something: `just now`, `5 minutes ago`, `3 days ago`. */
export function ago(at: string, now: number): string {
  const elapsed = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  for (const [unit, size] of units) {
    const count = Math.floor(elapsed / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

interface Warning {
  readonly summary: string;
  readonly detail: string;
  readonly file: string | null;
  readonly line: number | null;
}

/**
 * What Terraform warns of, a line each: the components that have it, what, and where in the root module. Values for variables that a module does not
 * declare, as stacks give them to all components, are one line.
 */
export function warningLines(warnings: Readonly<Record<string, readonly Warning[]>>): readonly string[] {
  const texts = Object.entries(warnings).flatMap(([address, all]) => {
    const named = all.flatMap((warning) => undeclaredIn(warning) ?? []);
    const others = all.filter((warning) => undeclaredIn(warning) === undefined).map(textOf);
    return [...(named.length === 0 ? [] : [undeclared(named)]), ...others].map((text) => ({ address, text }));
  });
  return [...Map.groupBy(texts, ({ text }) => text)].map(([text, all]) => ` ! ${all.map(({ address }) => address).join(', ')}: ${text}`);
}

function textOf({ summary, detail, file, line }: Warning): string {
  const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`;
  return `${summary}${detail === '' ? '' : `: ${detail}`}${place}`;
}

function undeclaredIn({ summary, detail }: Warning): string | undefined {
  return summary === 'Value for undeclared variable' ? /declare a variable named "([^"]+)"/.exec(detail)?.[1] : undefined;
}

function undeclared(names: readonly string[]): string {
  const list = [...new Set(names)].sort().map((name) => `"${name}"`);
  const isOne = list.length === 1;
  return `${isOne ? 'variable' : 'variables'} ${list.join(', ')} ${isOne ? 'is not declared and is' : 'are not declared and are'} ignored`;
}
