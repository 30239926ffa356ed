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

/** What Terraform warns of, a line each: the component, what, and where in its root module. */
export function warningLines(
  warnings: Readonly<
    Record<
      string,
      readonly { readonly summary: string; readonly detail: string; readonly file: string | null; readonly line: number | null }[]
    >
  >,
): readonly string[] {
  return Object.entries(warnings).flatMap(([address, all]) =>
    all.map(({ summary, detail, file, line }) => {
      const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`;
      return ` ! ${address}: ${summary}${detail === '' ? '' : `: ${detail}`}${place}`;
    }),
  );
}
