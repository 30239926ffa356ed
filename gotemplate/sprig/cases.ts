/** What a text is made of, as xstrings divides it. */
type WordKind = 'connector' | 'punctuation' | 'upper' | 'letters' | 'number' | 'other';

interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

/** In the order that they are tried. Of capitals before a small letter the last begins a word of its own. */
const WORDS: readonly (readonly [WordKind, RegExp])[] = [
  ['connector', /^[-_\s]+/u],
  ['punctuation', /^\p{P}+/u],
  ['upper', /^(?:\p{Lu}{2,}(?=\p{Lu}(?:(?!\p{Lu})\p{L}))|\p{Lu}{2,}(?!(?!\p{Lu})\p{L})|\p{Lu}(?:(?!\p{Lu})\p{L})*)/u],
  ['letters', /^(?:(?!\p{Lu})\p{L})+/u],
  ['number', /^\p{N}+/u],
  ['other', /^[^-_\s\p{P}\p{L}\p{N}]+/u],
];

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  for (let rest = text; rest !== ''; ) {
    const [kind, found] = WORDS.map(([one, pattern]) => [one, pattern.exec(rest)?.[0]] as const).find(
      ([, match]) => match !== undefined,
    ) ?? ['other' as const, rest];
    const word = found ?? rest;
    words.push({ kind, text: word });
    rest = rest.slice(word.length);
  }
  return words;
}

const isPart = (word: Word | undefined): boolean => word?.kind === 'letters' || word?.kind === 'number';
/** Whether a connector stands before a word, if it follows another one at all. */
const isApart = (word: Word | undefined): boolean => word !== undefined && word.kind !== 'connector' && word.kind !== 'punctuation';

/**
 * Words in small letters with a connector between them (xstrings.ToSnakeCase, ToKebabCase): a number goes with the word before it, `Bld4Floor` is
 * `bld4_floor`, unless small letters follow it: `HTTP20xServer` is `http_20x_server`.
 */
export function connected(text: string, connector: string): string {
  const words = wordsOf(text);
  let made = '';
  const add = ({ kind, text: word }: Word): void => {
    made += kind === 'connector' ? connector.repeat([...word].length) : kind === 'upper' ? word.toLowerCase() : word;
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at] as Word;
    add(word);
    at += 1;
    if (word.kind === 'connector' || word.kind === 'punctuation') continue;
    if (word.kind !== 'number' && words[at]?.kind === 'number' && at + 1 < words.length) {
      if (words[at + 1]?.kind === 'letters') made += connector;
      else {
        add(words[at] as Word);
        at += 1;
        if (isApart(words[at])) made += connector;
        continue;
      }
    } else if (word.kind !== 'number') {
      if (words[at]?.kind !== 'number' && isApart(words[at])) made += connector;
      continue;
    }
    for (; isPart(words[at]); at += 1) add(words[at] as Word);
    if (isApart(words[at])) made += connector;
  }
  return made;
}

const isConnector = (character: string): boolean => /^[-_\s]$/u.test(character);

/** Words with capitals, without the connectors between them but for the first and any that follow another (xstrings.ToPascalCase). */
export function pascal(text: string): string {
  const characters = [...text];
  const start = characters.findIndex((character) => !isConnector(character));
  if (start === -1) return text;
  let made = characters.slice(0, start).join('');
  let last = characters[start] ?? '';
  let isUpper = /^\p{Lu}$/u.test(last);
  last = last.toUpperCase();
  for (const next of characters.slice(start + 1)) {
    let shown = next;
    if (isConnector(next) && isConnector(last)) {
      made += last;
      continue;
    }
    if (isConnector(last)) {
      isUpper = /^\p{Lu}$/u.test(next);
      shown = next.toUpperCase();
    } else {
      if (isUpper && /^\p{Lu}$/u.test(next)) shown = next.toLowerCase();
      else isUpper = false;
      made += last;
    }
    last = shown;
  }
  return made + last;
}

/** strings.Title of Go: a letter after whatever is no letter, digit or `_`. */
export function titled(text: string): string {
  return text.replaceAll(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase());
}
