/** `NAME=value` lines, as a shell would read them; a `$` is one. */
export function parseDotenv(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => /^\s*(?:export\s+)?([\w.]+)\s*[=:]\s*(.*?)\s*$/.exec(line));
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name = '', value = ''] = line ?? [];
      if (line === null) return [];
      const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')/.exec(value) ?? [];
      const unquoted = double?.replaceAll('\\n', '\n').replaceAll(/\\(.)/g, '$1') ?? single ?? value.replace(/\s+#.*$|^#.*$/, '');
      return [[name, unquoted] as const];
    }),
  );
}
