// A text cut into pieces of a page: each small enough to be laid out at once, cut at the ends of lines where there are any,
// so that only those in view cost anything. The pieces make the whole text, and the links in it.

import type { TextLink } from "../../src/trace/textLinks";
import type { TextPart } from "../../src/trace/textPart";

export interface TextChunk {
  /** UTF-16 units before it. */
  readonly from: number;
  readonly text: string;
  /** Places are those of the chunk's text. */
  readonly links: readonly TextLink[];
  /** It begins in the middle of a line. */
  readonly continues: boolean;
  /** Line ends in it. */
  readonly lineCount: number;
}

/** UTF-16 units after which the next line begins a new piece, and after which a line is cut. */
const chunkLength = 6_000;
const longestChunk = 12_000;

/** The pieces with those of one more part; the last piece may be made anew, because its line goes on. */
export function withPart(chunks: readonly TextChunk[], part: TextPart): TextChunk[] {
  const last = chunks.at(-1);
  const isOpen = last !== undefined && !last.text.endsWith("\n") && last.text.length < longestChunk;
  const kept = isOpen ? chunks.slice(0, -1) : [...chunks];
  const head = isOpen ? last : undefined;
  const text = (head?.text ?? "") + part.text;
  const from = head?.from ?? part.from;
  const shift = part.from - from;
  const links = [
    ...(head?.links ?? []),
    ...part.links.map((link) => ({ ...link, start: link.start + shift, end: link.end + shift })),
  ];
  const before = kept.at(-1);
  let continues = before !== undefined && !before.text.endsWith("\n");
  let nextLink = 0;
  for (let start = 0; start < text.length; ) {
    const end = chunkEnd(text, start);
    const content = text.slice(start, end);
    const own: TextLink[] = [];
    for (; nextLink < links.length && (links[nextLink]?.start ?? 0) < end; nextLink++) {
      const link = links[nextLink];
      // One that a cut goes through is a link no more.
      if (link !== undefined && link.start >= start && link.end <= end) {
        own.push({ ...link, start: link.start - start, end: link.end - start });
      }
    }
    kept.push({ from: from + start, text: content, links: own, continues, lineCount: countLines(content) });
    continues = !content.endsWith("\n");
    start = end;
  }
  return kept;
}

function chunkEnd(text: string, start: number): number {
  if (text.length - start <= chunkLength) return text.length;
  const lineEnd = text.indexOf("\n", start + chunkLength);
  if (lineEnd >= 0 && lineEnd < start + longestChunk) return lineEnd + 1;
  const before = text.lastIndexOf("\n", start + chunkLength);
  if (before >= start) return before + 1;
  if (text.length - start <= longestChunk) return text.length;
  const end = start + longestChunk;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

function countLines(text: string): number {
  let count = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Rows that a piece takes up, where a row holds so many characters; `Infinity`: lines are not wrapped. */
export function rowsOf({ text, lineCount }: TextChunk, columns: number): number {
  if (!Number.isFinite(columns) || columns < 1) return lineCount;
  // Between the exact sum over all lines and one division: most lines are about as long as their average.
  const average = text.length / lineCount;
  return Math.max(lineCount, Math.round(lineCount * Math.ceil(average / columns)));
}
