// What can be opened from a text of many lines: the same places and addresses, found in the same way, as in the lines of a
// program's output. A page tells where in the text a link stands, and what it leads to is worked out again from the text.

import { blockHead, isBlockLine, type OutputLink, outputLinks } from "./outputLinks";

export interface TextLink {
  /** UTF-16 units of the part that it comes with. */
  readonly start: number;
  readonly end: number;
  readonly type: "place" | "url";
  /** Where it leads, for people: "src/billing/tax.ts:41". */
  readonly title: string;
}

const mostLinks = 2_000;
/** A line is looked at from its beginning to here; longer ones are data rather than words. */
const longestLine = 20_000;
/** As much as is looked at in one go; a longer line is cut between two words. */
const pieceLength = 2_000;
/** How far above a line of a report its head is looked for. */
const mostLinesToHead = 200;

/** Links that lie within the range, in order. */
export function textLinks(text: string, from: number, to: number): TextLink[] {
  const found: TextLink[] = [];
  const heads = new BlockHeads(text);
  for (let start = lineStart(text, from); start < to && found.length < mostLinks; ) {
    const end = lineEnd(text, start);
    for (const { start: first, end: behind, target } of linksOfLine(text, start, end, heads)) {
      const link = { start: start + first - from, end: start + behind - from };
      if (link.start >= 0 && link.end <= to - from) found.push({ ...link, ...linkFacts(target) });
    }
    start = end + 1;
  }
  return found;
}

/** What the link at this place of the text leads to; undefined where there is none. */
export function linkAt(text: string, offset: number): OutputLink["target"] | undefined {
  if (offset < 0 || offset >= text.length) return undefined;
  const start = lineStart(text, offset);
  const links = linksOfLine(text, start, lineEnd(text, start), new BlockHeads(text));
  return links.find((link) => start + link.start <= offset && offset < start + link.end)?.target;
}

/** How a place is written for people. */
export function placeTitle(place: { path: string; line?: number | undefined; column?: number | undefined }): string {
  if (place.line === undefined) return place.path;
  return place.column === undefined ? `${place.path}:${place.line}` : `${place.path}:${place.line}:${place.column}`;
}

function linkFacts(target: OutputLink["target"]): Pick<TextLink, "type" | "title"> {
  return target.type === "place"
    ? { type: "place", title: placeTitle(target.place) }
    : { type: "url", title: target.url };
}

function linksOfLine(text: string, start: number, end: number, heads: BlockHeads): OutputLink[] {
  const line = text.slice(start, Math.min(end, start + longestLine));
  const isBlock = isBlockLine(line);
  // Nearly all lines name nothing, and a position below a path begins with white space and a digit.
  if (!/[./\\]/.test(line) && !isBlock) return [];
  if (line.length <= pieceLength) return outputLinks(line, [], isBlock ? heads.above(start) : undefined);
  const found: OutputLink[] = [];
  for (let from = 0; from < line.length; ) {
    const to = pieceEnd(line, from);
    for (const link of outputLinks(line.slice(from, to), [])) {
      found.push({ start: from + link.start, end: from + link.end, target: link.target });
    }
    from = to;
  }
  return found;
}

function pieceEnd(line: string, from: number): number {
  const end = from + pieceLength;
  if (end >= line.length) return line.length;
  for (let at = end; at > end - pieceLength / 2; at--) if (" \t\"'`,".includes(line[at - 1] ?? "")) return at;
  return end;
}

/** The path that stands above the lines of a report; remembered from line to line. */
class BlockHeads {
  readonly #text: string;
  #end = -1;
  #head: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param start where a line of a report begins */
  above(start: number): string | undefined {
    if (this.#end !== start) {
      this.#head = undefined;
      let before = start;
      for (let count = 0; count < mostLinesToHead && before > 0; count++) {
        const end = before - 1;
        before = lineStart(this.#text, end);
        const line = this.#text.slice(before, Math.min(end, before + longestLine));
        if (isBlockLine(line)) continue;
        this.#head = blockHead(line);
        break;
      }
    }
    this.#end = lineEnd(this.#text, start) + 1;
    return this.#head;
  }
}

function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
