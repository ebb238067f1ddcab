// The word that was likely meant by one that is not known.

/** Undefined where none of them is near: one slip for short words, two from six letters on. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const allowed = word.length < 6 ? 1 : 2;
  if (word.length > 64) return undefined;
  let best: { readonly word: string; readonly slips: number } | undefined;
  const simple = simplified(word);
  for (const candidate of known) {
    const slips = simplified(candidate) === simple ? 0 : slipsBetween(simple, simplified(candidate), allowed);
    if (slips <= allowed && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) best = { word: candidate, slips };
  }
  return best?.word;
}

/** ` Did you mean "timeout"?`, or nothing. */
export function meantWords(word: string, known: Iterable<string>): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? "" : ` Did you mean "${meant}"?`;
}

/** `exitCode`, `exit-code` and `Exit_Code` are the same slip of habit. */
function simplified(word: string): string {
  return word.replaceAll(/[_\-\s]/g, "").toLowerCase();
}

/** Letters left out, added, replaced or swapped with their neighbour; more than `limit` are not counted to the end. */
function slipsBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let slips = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) slips = Math.min(slips, at(beforeLast, j - 2) + 1);
      row.push(slips);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
