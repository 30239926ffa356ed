/**
 * What a file of Git's configuration says, by `section.key` or `section.subsection.key` (sections and keys in lower case), where that is written as Git
 * itself writes it: a line each, without quotes, continuations and comments behind. `undefined` where only Git can tell: anything else, or other files
 * included.
 */
export function plainConfig(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n').map((one) => one.replace(/^[ \t]+|[ \t\r]+$/g, ''))) {
    if (line === '' || /^[#;]/.test(line)) continue;
    if (line.startsWith('[')) {
      const [, name = '', below] = /^\[([A-Za-z0-9-]+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?\]$/.exec(line) ?? [];
      if (name === '' || /^include/i.test(name)) return undefined;
      section = below === undefined ? name.toLowerCase() : `${name.toLowerCase()}.${below.replaceAll(/\\(.)/g, '$1')}`;
      continue;
    }
    const [, key = '', value = ''] = /^([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(.*)$/.exec(line) ?? [];
    if (key === '' || line.endsWith('\\')) return undefined;
    if (DECISIVE.has(section) && /["\\#;]/.test(value)) return undefined;
    found.set(`${section}.${key.toLowerCase()}`, value);
  }
  return found;
}

/** The sections that say where a repository lies and how it is kept. */
const DECISIVE: ReadonlySet<string> = new Set(['core', 'extensions']);
