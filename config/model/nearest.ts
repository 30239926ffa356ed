/** The candidate that is most like a word, if one is like enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** The candidate that a word of three letters or more is but for one: one more, one less, another one, or two that changed places. */
export function misspelt(word: string, candidates: readonly string[]): string | undefined {
  if (!/^[A-Za-z]\w{2,}$/.test(word) || candidates.includes(word)) return undefined;
  return candidates.find((candidate) => Math.abs(candidate.length - word.length) <= 1 && editDistance(word, candidate) === 1);
}

/** `did you mean "x"?`, or what there is. */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const found = nearest(word, candidates);
  if (found !== undefined) return `did you mean "${found}"?`;
  return candidates.length === 0 ? `there are no ${what}` : `${what} are: ${[...candidates].sort().join(', ')}`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
