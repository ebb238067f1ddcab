// Finds a text in a program's output: numbers of lines, in pieces, so that whoever asks can pause between them. What is
// searched is what is shown, so a match may begin and end in different colours.

import { withoutColors } from "./ansi";
import type { OutputReader } from "./outputLines";

/** More than anybody goes through; then the search ends. */
export const mostMatches = 100_000;

const controlButFeed = /[^\P{Cc}\n]/u;

export interface OutputMatches {
  /** Ascending, each line once. */
  readonly lines: readonly number[];
  /** There may be more. */
  readonly isTruncated: boolean;
}

/** Whether a search for this text tells upper from lower case: where it has an upper-case letter. */
export function isCaseSensitive(text: string): boolean {
  return text !== text.toLowerCase();
}

/** Yields now and then, and returns what it found. */
export function* searchOutput(reader: OutputReader, text: string): Generator<undefined, OutputMatches> {
  const { index } = reader;
  const isSensitive = isCaseSensitive(text);
  const folded = (candidate: string) => (isSensitive ? candidate : candidate.toLowerCase());
  const needle = folded(text);
  const lines: number[] = [];
  for (let at = 0; at < index.bursts.length; at++) {
    yield undefined;
    const burst = index.bursts[at];
    if (burst === undefined || burst.times.length === 0) continue;
    const last = burst.firstLine + burst.times.length - 1;
    const bare = withoutColors(reader.burstText(at));
    // What overwrites what stood before can only be told line by line.
    const isBare = !controlButFeed.test(bare);
    if (isBare && !folded(bare).includes(needle)) {
      // Its last line may go on in the next burst.
      const goesOn = index.bursts[burst.next]?.continues === true;
      if (goesOn && folded(reader.text(last)).includes(needle)) lines.push(last);
    } else {
      for (let line = burst.firstLine; line <= last; line++) {
        if (folded(reader.text(line)).includes(needle)) lines.push(line);
      }
    }
    if (lines.length >= mostMatches) return { lines: lines.slice(0, mostMatches), isTruncated: true };
  }
  return { lines, isTruncated: false };
}
