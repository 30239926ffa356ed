/** A part of a function's arguments: a text in quotes, a `|`, or what stands between spaces and those (Atmos, `pkg/function/parser`). */
export interface Word {
  /** As it is written. */
  readonly text: string;
  readonly at: number;
}

export function wordsOf(text: string): readonly Word[] {
  return [...text.matchAll(/"(?:[^"\r\n]|"")*"|'(?:[^'\r\n]|'')*'|\||[^\s|]+/g)].map(({ 0: word, index }) => ({ text: word, at: index }));
}

/** A word without its quotes; a quote that is written twice is one. */
export function unquoted(word: string): string {
  const [, double, single] = /^(?:"([\s\S]*)"|'([\s\S]*)')$/.exec(word) ?? [];
  return double?.replaceAll('""', '"') ?? single?.replaceAll("''", "'") ?? word;
}
