// Finds a text in a program's output: numbers of lines, in pieces, so that whoever asks can pause between them. What is
// searched is what is shown, so a match may begin and end in different colours.

import { withoutColors } from "./ansi";
import type { OutputReader } from "./outputLines";

/** More than anybody goes through; then the search ends. */
export const mostMatches = 100_000;

const controlButFeed = /[^\P{Cc}\n]/u;

/** Numbers of the lines of a text that hold the needle, the first of which has the number `first`. */
function linesWith(text: string, needle: string, first: number): number[] {
  const lines: number[] = [];
  let line = first;
  let counted = 0;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at)) {
    for (let feed = text.indexOf("\n", counted); feed >= 0 && feed < at; feed = text.indexOf("\n", counted)) {
      line++;
      counted = feed + 1;
    }
    lines.push(line);
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    at = end + 1;
  }
  return lines;
}

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
    if (lines.length >= mostMatches) return { lines: lines.slice(0, mostMatches), isTruncated: true };
    yield undefined;
    const burst = index.bursts[at];
    if (burst === undefined || burst.times.length === 0) continue;
    const last = burst.firstLine + burst.times.length - 1;
    const bare = withoutColors(reader.burstText(at));
    const matches = (line: number) => folded(reader.text(line)).includes(needle);
    if (controlButFeed.test(bare)) {
      // What overwrites what stood before can only be told line by line.
      for (let line = burst.firstLine; line <= last; line++) if (matches(line)) lines.push(line);
      continue;
    }
    // The rest of a line of an earlier burst was looked at with that line.
    const first = burst.continues ? burst.firstLine - 1 : burst.firstLine;
    const found = linesWith(folded(bare), needle, first);
    for (const line of found) if (line >= burst.firstLine && line < last) lines.push(line);
    // The last line may go on in the next burst.
    if (index.bursts[burst.next]?.continues === true ? matches(last) : (found.at(-1) ?? -1) >= last) lines.push(last);
  }
  return { lines, isTruncated: false };
}
