// What can be opened from a line of output: the places in source files that it names, the hyperlinks that the program
// made, and web addresses that are written out. Each with the part of the line that is the link; parts never overlap.

import type { AnsiLink } from "./ansiScreen";
import type { Place } from "./place";
import { type FoundPlace, placesInText } from "./placesInText";
import { oneLine } from "./plainText";

export interface OutputLink {
  /** UTF-16 units of the line's text. */
  readonly start: number;
  readonly end: number;
  readonly target: { readonly type: "place"; readonly place: Place } | { readonly type: "url"; readonly url: string };
}

/** Beyond this nothing is looked for, as in other texts. */
const lookedAtLength = 2_000;
const mostLinks = 20;

const writtenUrl = /\bhttps?:\/\/[^\s"'`<>|\\^{}]+/gi;
/** Marks of test runners before a path, which otherwise says that the line is of no interest. */
const mark = /^\s*(?:[✓✔√]|PASS|FAIL|RUNS)\s+/;
/** `12:5  error ...` of linters, `L:  12 | P:   5 | ...` of sqlfluff: what belongs to a path above. */
const blockLine = /^\s+\d{1,7}:\d{1,7}\s|^\s*L:\s{0,8}\d{1,7}\s{0,8}\|\s{0,8}P:/;
const blockPosition = /\d{1,7}:\d{1,7}|L:\s{0,8}\d{1,7}\s{0,8}\|\s{0,8}P:\s{0,8}\d{1,7}/;

export function isBlockLine(text: string): boolean {
  return blockLine.test(text);
}

/** The line as the head of a block of such lines; undefined where it can't be one. */
export function blockHead(text: string): string | undefined {
  return text.length <= lookedAtLength && /^\s*(?:== \[.*\]|\S+)/.test(text) ? text.trim() : undefined;
}

/** @param made the program's own hyperlinks @param head what stands above the line, where it is one of a block */
export function outputLinks(text: string, made: readonly AnsiLink[], head?: string): OutputLink[] {
  const found: OutputLink[] = made.map(({ start, end, url }) => ({ start, end, target: { type: "url", url } }));
  const looked = text.slice(0, lookedAtLength);
  if (head !== undefined) addBlockPlace(found, looked, head);
  const skipped = mark.exec(looked)?.[0].length ?? 0;
  const searched = looked.slice(skipped);
  for (const place of inOrder(searched)) {
    const part = partOf(looked, place, skipped, found);
    if (part !== undefined) add(found, { ...part, target: { type: "place", place: asPlace(place) } });
  }
  // Last: an address that ends in a position may be a stack frame, and then it is a place.
  for (const match of looked.matchAll(writtenUrl)) {
    const url = withoutSentence(match[0]);
    add(found, { start: match.index, end: match.index + url.length, target: { type: "url", url } });
  }
  return found.sort((a, b) => a.start - b.start);
}

function addBlockPlace(found: OutputLink[], text: string, head: string): void {
  const line = text.trim();
  const place = placesInText(`${head}\n${line}`, false).find(({ context }) => context === line);
  const position = blockPosition.exec(text);
  if (place === undefined || position === null) return;
  const { index: start } = position;
  add(found, { start, end: start + position[0].length, target: { type: "place", place: asPlace(place) } });
}

/** As they stand in the line; `placesInText` gives the best first. */
function inOrder(text: string): readonly FoundPlace[] {
  // Nearly all lines name nothing: a path has a dot, a slash or a backslash.
  return /[./\\]/.test(text) ? placesInText(text, true) : [];
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** The part of the line that names the place, not yet taken by another link: the path and the position behind it. */
function partOf(text: string, place: FoundPlace, from: number, taken: readonly OutputLink[]): Part | undefined {
  const name = place.path.slice(Math.max(place.path.lastIndexOf("/"), place.path.lastIndexOf("\\")) + 1);
  // A URL is written with escapes, a Java class with dots: there the file's name with its position is what can be found.
  for (const written of [place.path, encodeURI(place.path), name]) {
    if (written === "") continue;
    for (let start = text.indexOf(written, from); start >= 0; start = text.indexOf(written, start + 1)) {
      const end = start + written.length;
      const position = positionBehind(text.slice(end), place);
      const part = {
        start: text.slice(0, start).endsWith("file://") ? start - "file://".length : start,
        end: end + (position ?? 0),
      };
      const isWhole = place.line === undefined || position !== undefined;
      if (isWhole && !taken.some((link) => overlaps(link, part))) return part;
    }
  }
  return undefined;
}

const positions =
  /^["'`)]?(?::(\d+)(?::\d+)?|\((\d+)(?:[,:] ?\d+)?\)|:\[(\d+),\d+\]|#L(\d+)|[\s"'`:,;)]{0,4}(?:on |at )?[Ll]ine[ :]{1,2}(\d+)| ?\((\d+)[,:] ?\d+\))/;

/** Length of what names the place's line; undefined where none does. */
function positionBehind(behind: string, place: FoundPlace): number | undefined {
  const match = positions.exec(behind);
  const line = match?.slice(1).find((group) => group !== undefined);
  return match === null || Number(line) !== place.line ? undefined : match[0].length;
}

function add(found: OutputLink[], link: OutputLink): void {
  if (found.length < mostLinks && link.end > link.start && !found.some((other) => overlaps(other, link)))
    found.push(link);
}

function overlaps(a: Part, b: Part): boolean {
  return a.start < b.end && b.start < a.end;
}

function asPlace(found: FoundPlace): Place {
  return {
    path: found.path,
    origin: found.isFrame ? "stack" : "text",
    ...(found.line === undefined ? {} : { line: found.line }),
    ...(found.line === undefined || found.column === undefined ? {} : { column: found.column }),
    context: oneLine(found.context),
  };
}

/** Without the punctuation of the sentence that it stands in, and brackets that were opened before it. */
function withoutSentence(url: string): string {
  let end = url.length;
  let open = url.split("(").length - url.split(")").length;
  while (end > 0) {
    const last = url[end - 1] ?? "";
    if (last === ")" && open < 0) open++;
    else if (!".,;:!?".includes(last)) break;
    end--;
  }
  return url.slice(0, end);
}
