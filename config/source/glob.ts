/** `*` and `?` within a part of a path, `**` over parts where it is one itself (else it is a `*`), `{a,b}` and `[a-z]`; `undefined` for what is none. */
export function globExpression(pattern: string): RegExp | undefined {
  let depth = 0;
  const source = pattern.replaceAll(/(?<![^/])\*\*\/|\*+|\?|\[[^\]]*\]|[{},]|[.+^$()|\\]/g, (token: string, offset: number) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**' && /(?:^|\/)$/.test(pattern.slice(0, offset)) && offset + 2 === pattern.length) return '.*';
    if (token.startsWith('*')) return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.startsWith('[')) return token;
    if (token === '{') {
      depth += 1;
      return '(?:';
    }
    if (token === '}' && depth > 0) {
      depth -= 1;
      return ')';
    }
    if (token === ',') return depth > 0 ? '|' : ',';
    return `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined;
  }
}

/** The order in which a glob finds paths: of each directory its files first, then what is in its directories, by name. */
export function inGlobOrder(paths: readonly string[]): readonly string[] {
  const compare = (a: readonly string[], b: readonly string[]): number => {
    const [first = '', ...restA] = a;
    const [other = '', ...restB] = b;
    if (restA.length === 0 || restB.length === 0) return restA.length - restB.length || (first < other ? -1 : 1);
    return first === other ? compare(restA, restB) : first < other ? -1 : 1;
  };
  const parts = paths.map((path) => path.split('/')).sort(compare);
  return parts.map((path) => path.join('/'));
}
