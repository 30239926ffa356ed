/** How texts are compared: as they are, base64 of either alphabet, hex in either case. */
export type Spelling = 'plain' | 'base64' | 'hex';

/** How many characters of a text that stand in a long secret in this order are a part of it. */
const PART: Readonly<Record<Spelling, number>> = { plain: 16, base64: 8, hex: 8 };
/** Of how many texts a secret's beginning is remembered where they are the same. */
const SAME = 16;
/** From how many characters on all parts are four times as long, so that they fit into memory. */
const HUGE = 262_144;

/**
 * Finds parts of texts that are too long to be looked for as a whole, and that programs print in lines or pieces. Of each text every so many characters
 * are remembered with their place; whoever finds them in another text sees how far both are the same.
 */
export class Fragments {
  readonly #spelling: Spelling;
  readonly #part: number;
  readonly #step: number;
  readonly #texts: readonly string[];
  /** By characters: the text's index, and where they stand in it. */
  readonly #places = new Map<string, (readonly [text: number, at: number])[]>();

  constructor(spelling: Spelling, texts: readonly string[]) {
    this.#spelling = spelling;
    this.#texts = texts;
    this.#part = PART[spelling] * (texts.reduce((sum, { length }) => sum + length, 0) > HUGE ? 4 : 1);
    // Whatever begins where: as many characters as a part has hold a whole step.
    this.#step = this.#part / 2;
    for (const [index, text] of texts.entries()) {
      for (let at = 0; at + this.#step <= text.length; at += this.#step) {
        const characters = text.slice(at, at + this.#step);
        const places = this.#places.get(characters) ?? [];
        this.#places.set(characters, places);
        if (places.length < SAME) places.push([index, at]);
      }
    }
  }

  /** Hands on the parts that a text has of them: where each begins and ends. */
  find(raw: string, found: (from: number, to: number) => void): void {
    if (raw.length < this.#part) return;
    const { text, at: places } = respelled(raw, this.#spelling);
    const inRaw: typeof found = places === undefined ? found : (from, to) => found(places[from] ?? 0, (places[to - 1] ?? 0) + 1);
    for (let at = 0; at + this.#step <= text.length; ) {
      const known = this.#places.get(text.slice(at, at + this.#step));
      const end = known === undefined ? at : Math.max(...known.map((place) => this.#matched(text, at, place, inRaw)));
      at = Math.max(at + 1, end);
    }
  }

  /** How far a text goes on as one of these does, where some characters of both are the same. */
  #matched(text: string, at: number, [index, place]: readonly [number, number], found: (from: number, to: number) => void): number {
    const own = this.#texts[index] ?? '';
    let before = 0;
    while (before < Math.min(at, place) && text[at - before - 1] === own[place - before - 1]) before += 1;
    let after = this.#step;
    while (at + after < text.length && place + after < own.length && text[at + after] === own[place + after]) after += 1;
    if (before + after < this.#part) return at;
    found(at - before, at + after);
    return at + after;
  }
}

/** Bytes in hex that stand apart from one another, as `od`, `xxd` and `hexdump` write them, or fingerprints. */
const APART = /[0-9a-fA-F]{2}[ :]+[0-9a-fA-F]{2}/;

/** A text as it is compared, and where its characters stand in the one that was given, where that has more. */
function respelled(text: string, spelling: Spelling): { readonly text: string; readonly at?: readonly number[] } {
  switch (spelling) {
    case 'plain':
      return { text };
    case 'base64':
      return { text: text.replaceAll('-', '+').replaceAll('_', '/') };
    case 'hex':
      return APART.test(text) ? together(lowered(text)) : { text: lowered(text) };
    default:
      return spelling satisfies never;
  }
}

const lowered = (text: string): string => text.replace(/[A-F]/g, (digit) => digit.toLowerCase());

function together(text: string): { readonly text: string; readonly at: readonly number[] } {
  const at: number[] = [];
  for (let index = 0; index < text.length; index += 1) if (text[index] !== ' ' && text[index] !== ':') at.push(index);
  return { text: at.map((index) => text[index]).join(''), at };
}

/** A text with all parts that any of these find in it, and all that match one of these patterns, as `***`; what overlaps is one. */
export function without(text: string, all: readonly Fragments[], patterns: readonly RegExp[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const fragments of all) fragments.find(text, (from, to) => ranges.push([from, to]));
  for (const pattern of patterns) for (const { 0: found, index } of text.matchAll(pattern)) ranges.push([index, index + found.length]);
  if (ranges.length === 0) return text;
  ranges.sort(([a], [b]) => a - b);
  let shown = '';
  let end = 0;
  for (const [from, to] of ranges) {
    if (from > end || shown === '') shown += `${text.slice(end, from)}***`;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}
