// The blocks of a text as Markdown. Every line is looked at once for each block around it, and blocks within blocks are
// bounded in depth, so that no text takes longer than its length says.

import type { MarkdownBlock, MarkdownItem } from "./markdownNode";
import { readInlines } from "./readInlines";

/** Blocks within blocks that no person writes; what is deeper is a paragraph. */
const deepest = 16;

export function readMarkdown(source: string): MarkdownBlock[] {
  return readBlocks(source.replace(/\r\n?/g, "\n").split("\n"), 0).blocks;
}

interface Lines {
  readonly all: readonly string[];
  at: number;
  readonly depth: number;
}

interface Blocks {
  readonly blocks: MarkdownBlock[];
  /** An empty line stands between two of them. */
  readonly hasGap: boolean;
}

function readBlocks(all: readonly string[], depth: number): Blocks {
  const lines: Lines = { all, at: 0, depth };
  const blocks: MarkdownBlock[] = [];
  let isBehindGap = false;
  let hasGap = false;
  while (lines.at < all.length) {
    const line = all[lines.at] ?? "";
    if (line.trim() === "") {
      lines.at++;
      isBehindGap = blocks.length > 0;
      continue;
    }
    hasGap ||= isBehindGap;
    isBehindGap = false;
    blocks.push(readBlock(lines, line));
  }
  return { blocks, hasGap };
}

function readBlock(lines: Lines, line: string): MarkdownBlock {
  const heading = headingOf(line);
  if (heading !== undefined) {
    lines.at++;
    return heading;
  }
  if (isRule(line)) {
    lines.at++;
    return { type: "rule" };
  }
  const canNest = lines.depth < deepest;
  return (
    readFence(lines, line) ??
    (isIndentedCode(line) ? readIndentedCode(lines) : undefined) ??
    (canNest && isQuote(line) ? readQuote(lines) : undefined) ??
    (canNest ? readList(lines, line) : undefined) ??
    readTable(lines, line) ??
    readParagraph(lines)
  );
}

function headingOf(line: string): MarkdownBlock | undefined {
  const match = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(line);
  if (match === null) return undefined;
  const words = (match[2] ?? "").trimEnd();
  const closing = /(?:^|[ \t])#+$/.exec(words);
  const text = closing === null ? words : words.slice(0, closing.index);
  return { type: "heading", level: match[1]?.length ?? 1, inlines: readInlines(text.trim()) };
}

function isRule(line: string): boolean {
  const letters = line.trim().replace(/[ \t]/g, "");
  return letters.length >= 3 && /^ {0,3}\S/.test(line) && /^(?:\*+|-+|_+)$/.test(letters);
}

const fence = /^( {0,3})(`{3,}|~{3,})(.*)$/;

function readFence(lines: Lines, line: string): MarkdownBlock | undefined {
  const match = fence.exec(line);
  if (match === null || (match[2]?.startsWith("`") === true && match[3]?.includes("`") === true)) return undefined;
  const indent = match[1]?.length ?? 0;
  const mark = match[2] ?? "";
  const content: string[] = [];
  for (lines.at++; lines.at < lines.all.length; lines.at++) {
    const next = lines.all[lines.at] ?? "";
    const trimmed = next.trim();
    const isEnd =
      trimmed.length >= mark.length && /^ {0,3}[`~]/.test(next) && trimmed === (mark[0] ?? "").repeat(trimmed.length);
    if (isEnd) {
      lines.at++;
      break;
    }
    content.push(withoutIndent(next, indent));
  }
  return { type: "code", text: content.join("\n") };
}

function isIndentedCode(line: string): boolean {
  return /^(?: {4}| {0,3}\t)/.test(line);
}

function readIndentedCode(lines: Lines): MarkdownBlock {
  const content: string[] = [];
  for (; lines.at < lines.all.length; lines.at++) {
    const line = lines.all[lines.at] ?? "";
    if (line.trim() !== "" && !isIndentedCode(line)) break;
    content.push(withoutIndent(line, 4));
  }
  while (content.at(-1)?.trim() === "") content.pop();
  return { type: "code", text: content.join("\n") };
}

function isQuote(line: string): boolean {
  return /^ {0,3}>/.test(line);
}

function readQuote(lines: Lines): MarkdownBlock {
  const inner: string[] = [];
  for (; lines.at < lines.all.length; lines.at++) {
    const line = lines.all[lines.at] ?? "";
    if (isQuote(line)) inner.push(line.replace(/^ {0,3}> ?/, ""));
    // A paragraph goes on without the mark.
    else if (isLazy(line, inner.at(-1)) && !fence.test(inner.at(-1) ?? "")) inner.push(asWords(line));
    else break;
  }
  return { type: "quote", blocks: readBlocks(inner, lines.depth + 1).blocks };
}

const listMark = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/;

interface ListMark {
  /** What tells one list from another: the letter, or what follows the number. */
  readonly kind: string;
  readonly start: number | undefined;
  /** Columns before the content of the item. */
  readonly indent: number;
  readonly content: string;
}

function listMarkOf(line: string): ListMark | undefined {
  const match = listMark.exec(line);
  if (match === null || isRule(line)) return undefined;
  const [, before = "", mark = "", space = "", content = ""] = match;
  const width = space.replaceAll("\t", "    ").length;
  // More than four columns are code within the item.
  const isCode = width > 4;
  return {
    kind: mark.at(-1) ?? "",
    start: /^\d/.test(mark) ? Number.parseInt(mark, 10) : undefined,
    indent: before.length + mark.length + (isCode || width === 0 ? 1 : width),
    content: isCode ? " ".repeat(width - 1) + content : content,
  };
}

function readList(lines: Lines, line: string): MarkdownBlock | undefined {
  const first = listMarkOf(line);
  if (first === undefined) return undefined;
  const items: MarkdownItem[] = [];
  let isTight = true;
  for (let mark: ListMark | undefined = first; mark?.kind === first.kind; ) {
    const { item, hasGap } = readItem(lines, mark);
    items.push(item);
    if (hasGap) isTight = false;
    let next = lines.at;
    while (next < lines.all.length && lines.all[next]?.trim() === "") next++;
    mark = next < lines.all.length ? listMarkOf(lines.all[next] ?? "") : undefined;
    if (mark?.kind !== first.kind) break;
    if (next > lines.at) isTight = false;
    lines.at = next;
  }
  return { type: "list", start: first.start, isTight, items };
}

function readItem(
  lines: Lines,
  { indent, content }: ListMark,
): { readonly item: MarkdownItem; readonly hasGap: boolean } {
  const inner = [content];
  let gaps = 0;
  let isFenced = fence.test(content);
  for (lines.at++; lines.at < lines.all.length; lines.at++) {
    const line = lines.all[lines.at] ?? "";
    if (line.trim() === "") {
      // An item that begins with an empty line ends there.
      if (inner.length === 1 && content.trim() === "") break;
      gaps++;
      continue;
    }
    const isIndented = indentOf(line) >= indent;
    const goesOn = gaps === 0 && !isFenced && isLazy(line, inner.at(-1)) && listMarkOf(line) === undefined;
    if (!isIndented && !goesOn) break;
    for (; gaps > 0; gaps--) inner.push("");
    const text = isIndented ? withoutIndent(line, indent) : asWords(line);
    if (fence.test(text)) isFenced = !isFenced;
    inner.push(text);
  }
  // Empty lines behind the item are not its own.
  lines.at -= gaps;
  const task = /^\[([ xX])\](?=[ \t])/.exec(content);
  if (task !== null) inner[0] = content.slice(task[0].length).trimStart();
  const { blocks, hasGap } = readBlocks(inner, lines.depth + 1);
  return { item: task === null ? { blocks } : { isDone: task[1] !== " ", blocks }, hasGap };
}

/** Does a line without the mark of the block around it go on with the paragraph above it? */
function isLazy(line: string, above: string | undefined): boolean {
  return line.trim() !== "" && above !== undefined && above.trim() !== "" && !startsBlock(line);
}

/** Such a line is words, whatever it looks like. */
function asWords(line: string): string {
  return `    ${line.trimStart()}`;
}

/** Cells of a row: bars that are escaped or stand in code are no borders. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let cell = "";
  const row = line.trim().replace(/^\|/, "");
  for (let at = 0; at < row.length; at++) {
    const unit = row[at] ?? "";
    if (unit === "\\" && row[at + 1] === "|") {
      cell += "|";
      at++;
    } else if (unit === "|") {
      cells.push(cell.trim());
      cell = "";
    } else cell += unit;
  }
  if (cell.trim() !== "") cells.push(cell.trim());
  return cells;
}

function readTable(lines: Lines, line: string): MarkdownBlock | undefined {
  const border = (lines.all[lines.at + 1] ?? "").trim();
  if (!line.includes("|") || !/^\|?[ \t]*:?-+:?(?:[ \t]*\|[ \t]*:?-+:?)*[ \t]*\|?$/.test(border)) return undefined;
  const head = cellsOf(line);
  if (head.length !== cellsOf(border).length) return undefined;
  const rows: string[][] = [];
  for (lines.at += 2; lines.at < lines.all.length; lines.at++) {
    const next = lines.all[lines.at] ?? "";
    if (next.trim() === "" || startsBlock(next)) break;
    const cells = cellsOf(next).slice(0, head.length);
    while (cells.length < head.length) cells.push("");
    rows.push(cells);
  }
  return { type: "table", head: head.map(readInlines), rows: rows.map((cells) => cells.map(readInlines)) };
}

function readParagraph(lines: Lines): MarkdownBlock {
  const first = lines.all[lines.at] ?? "";
  const content = [first.trimStart()];
  for (lines.at++; lines.at < lines.all.length; lines.at++) {
    const line = lines.all[lines.at] ?? "";
    const under = /^ {0,3}(=+|-+)[ \t]*$/.exec(line)?.[1];
    if (under !== undefined) {
      lines.at++;
      const level = under.startsWith("=") ? 1 : 2;
      return { type: "heading", level, inlines: readInlines(content.join("\n").trim()) };
    }
    if (line.trim() === "" || startsBlock(line)) break;
    content.push(line.trimStart());
  }
  return { type: "paragraph", inlines: readInlines(content.join("\n").trimEnd()) };
}

/** Does a line end the paragraph above it? A list that begins in one has words and begins with 1. */
function startsBlock(line: string): boolean {
  if (headingOf(line) !== undefined || isRule(line) || fence.test(line) || isQuote(line)) return true;
  const mark = listMarkOf(line);
  return mark !== undefined && mark.content.trim() !== "" && (mark.start === undefined || mark.start === 1);
}

/** Columns of white space before the text, tabs up to the next fourth column. */
function indentOf(line: string): number {
  let columns = 0;
  for (const unit of line) {
    if (unit === " ") columns++;
    else if (unit === "\t") columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

function withoutIndent(line: string, columns: number): string {
  let taken = 0;
  let at = 0;
  for (; at < line.length && taken < columns; at++) {
    if (line[at] === " ") taken++;
    else if (line[at] === "\t") taken += 4 - (taken % 4);
    else break;
  }
  return " ".repeat(Math.max(0, taken - columns)) + line.slice(at);
}
