// Finds a text in a program's output: numbers of lines, in pieces, so that whoever asks can pause between them. What is
// searched is what is shown, so a match may begin and end in different colours.

import { withoutColors } from "./ansi";
import type { OutputReader } from "./outputLines";

/** More than anybody goes through; then the search ends. */
export const mostMatches = 100_000;

const controlButFeed = /[^\P{Cc}\n]/u;

/** What lines are matched against. */
export interface LineMatcher {
  /** False where no line of the text holds a match. */
  mayHold(text: string): boolean;
  /** Whether a line holds a match. Yields now and then where that takes long. */
  holds(line: string): Generator<undefined, boolean>;
}

export interface OutputMatches {
  /** Ascending, each line once. */
  readonly lines: readonly number[];
  /** There may be more. */
  readonly isTruncated: boolean;
}

/** Yields now and then, and returns what it found. */
export function* searchOutput(reader: OutputReader, matcher: LineMatcher): Generator<undefined, OutputMatches> {
  const { index } = reader;
  const lines: number[] = [];
  for (let at = 0; at < index.bursts.length; at++) {
    if (lines.length >= mostMatches) return { lines: lines.slice(0, mostMatches), isTruncated: true };
    yield undefined;
    const burst = index.bursts[at];
    if (burst === undefined || burst.times.length === 0) continue;
    const { firstLine } = burst;
    const last = firstLine + burst.times.length - 1;
    // The last line may go on in the next burst.
    const goesOn = index.bursts[burst.next]?.continues === true;
    const bare = withoutColors(reader.burstText(at));
    // What overwrites what stood before can only be told line by line.
    if (controlButFeed.test(bare)) {
      for (let line = firstLine; line <= last; line++) if (yield* matcher.holds(reader.text(line))) lines.push(line);
      continue;
    }
    if (matcher.mayHold(bare)) {
      // The rest of a line of an earlier burst was looked at with that line.
      const texts = bare.split("\n");
      const skipped = burst.continues ? 1 : 0;
      const end = goesOn ? last : last + 1;
      for (let line = firstLine; line < end; line++) {
        if (yield* matcher.holds(texts[line - firstLine + skipped] ?? "")) lines.push(line);
      }
    }
    if (goesOn && (yield* matcher.holds(reader.text(last)))) lines.push(last);
  }
  return { lines, isTruncated: false };
}
