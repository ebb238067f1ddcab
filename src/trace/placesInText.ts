// Finds the places that a text names: stack frames of many languages, messages of compilers, linters and test runners.
// Linear in what is looked at, which is bounded: the first and the last 64 KB, lines up to 2,000 characters.

import { acceptPath, isBuildOutput, isLibraryClass, isLibraryPath, type Location, positionNumber } from "./placePath";
import { frameLocation, wordLocation } from "./placeSyntax";
import { stripAnsi } from "./plainText";

const endLength = 64 * 1024;
const lineLength = 2_000;
/** More than any pick shows; the first ones are the best ones. */
const mostFound = 400;
/** How many lines below a path a "LINE 12:" still belongs to it. */
const followingLines = 12;

/** How much a place is worth within its text; smaller is better. */
export const WORTH = { raised: 0, named: 1, warning: 2, unnumbered: 3, generated: 4, dependency: 5 } as const;
export type Worth = (typeof WORTH)[keyof typeof WORTH];

export interface FoundPlace extends Location {
  readonly isFrame: boolean;
  readonly worth: Worth;
  /** The line that named it, as it is. */
  readonly context: string;
}

/** Counts what was done, so that a test can tell linear from quadratic. */
export interface ScanWork {
  lines: number;
  words: number;
  /** UTF-16 units of the lines and words that were looked at. */
  units: number;
}

/**
 * Places in order of worth, then of appearance; Python's frames, which are written outermost first, innermost first.
 * @param withUnnumbered also paths without a line number, as an error text names them
 */
export function placesInText(text: string, withUnnumbered: boolean, work?: ScanWork): FoundPlace[] {
  const scan: Scan = {
    found: [],
    python: [],
    pending: undefined,
    block: undefined,
    withUnnumbered,
    lineNumber: 0,
    work,
  };
  const parts = text.length <= 2 * endLength ? [text] : [text.slice(0, endLength), text.slice(-endLength)];
  for (const part of parts) scanLines(scan, stripAnsi(part));
  const all = [...scan.python.reverse(), ...scan.found];
  return all.sort((a, b) => a.worth - b.worth);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Scan {
  readonly found: Mutable<FoundPlace>[];
  readonly python: FoundPlace[];
  /** The last path without a line number and the line that it stood on: a line number may follow. */
  pending: { readonly place: Mutable<FoundPlace>; readonly lineNumber: number; readonly isListed: boolean } | undefined;
  /** A path that stands alone on its line: the head of a block of `12:5  error  ...` lines. */
  block: string | undefined;
  readonly withUnnumbered: boolean;
  lineNumber: number;
  readonly work: ScanWork | undefined;
}

function scanLines(scan: Scan, text: string): void {
  let start = 0;
  while (start <= text.length && scan.found.length + scan.python.length < mostFound) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const line = text.slice(start, Math.min(end, start + lineLength)).trim();
    scan.lineNumber++;
    if (scan.work !== undefined) {
      scan.work.lines++;
      scan.work.units += line.length;
    }
    if (line !== "") scanLine(scan, line);
    start = end + 1;
  }
}

/** What went well, and the first two of the three lines that name a file of a diff. */
const ofNoInterest = /^(?:[✓✔√] |PASS |diff --git |--- a\/)/;

function scanLine(scan: Scan, line: string): void {
  if (scanBlockLine(scan, line) || scanFollowingLine(scan, line)) return;
  scan.block = undefined;
  if (ofNoInterest.test(line)) return;
  if (line.startsWith("at ") && scanFrame(scan, line)) return;
  if (scanQuotedLine(scan, line)) return;
  scanWords(scan, line.startsWith("+++ b/") ? line.slice(6) : line);
}

function worthOf(path: string, plain: Worth): Worth {
  if (isLibraryPath(path)) return WORTH.dependency;
  return isBuildOutput(path) ? WORTH.generated : plain;
}

function add(scan: Scan, location: Location, context: string, isFrame: boolean, plain: Worth = WORTH.named): void {
  scan.found.push({ ...location, isFrame, context, worth: worthOf(location.path, plain) });
}

/** `  12:5  error  ...` of ESLint and its kin, `L:  12 | P:   5 | ...` of sqlfluff, below the path they belong to. */
function scanBlockLine(scan: Scan, line: string): boolean {
  if (scan.block === undefined) return false;
  const match =
    /^(\d{1,7}):(\d{1,7})\s+(\w*)/.exec(line) ?? /^L:\s{0,8}(\d{1,7})\s{0,8}\|\s{0,8}P:\s{0,8}(\d{1,7})\s/.exec(line);
  const lineNumber = positionNumber(match?.[1]);
  if (match === null || lineNumber === undefined) return false;
  dropPending(scan);
  const worth = /^warn/i.test(match[3] ?? "") ? WORTH.warning : WORTH.named;
  add(scan, { path: scan.block, line: lineNumber, column: positionNumber(match[2]) }, line, false, worth);
  return true;
}

/** A line number below the path that it belongs to, as databases and dbt report it. */
function scanFollowingLine(scan: Scan, line: string): boolean {
  const { pending } = scan;
  if (pending === undefined || scan.lineNumber - pending.lineNumber > followingLines) return false;
  const match =
    /^LINE (\d{1,7})\s?:/.exec(line) ??
    /\bat \[(\d{1,7}):(\d{1,7})\]/.exec(line) ??
    /\berror line (\d{1,7}) at position (\d{1,7})/.exec(line) ??
    /^(?:at |on |in )?line (\d{1,7})\b(?:, (?:column|position) (\d{1,7}))?/i.exec(line);
  const lineNumber = positionNumber(match?.[1]);
  if (match === null || lineNumber === undefined) return false;
  const { place } = pending;
  place.line = lineNumber;
  place.column = positionNumber(match[2]);
  place.context = line;
  place.worth = worthOf(place.path, WORTH.named);
  if (!pending.isListed) scan.found.push(place);
  scan.pending = undefined;
  return true;
}

/** A path of which the lines below tell more is no place of its own. */
function dropPending(scan: Scan): void {
  const { pending } = scan;
  scan.pending = undefined;
  if (pending === undefined || !pending.isListed) return;
  const index = scan.found.lastIndexOf(pending.place);
  if (index >= 0) scan.found.splice(index, 1);
}

/** `at fn (path:3:5)`, `at path:3:5` of V8 and Rust, `at a.b.C.m(C.java:3)` of Java, `at X.M() in C:\x.cs:line 3` of .NET. */
function scanFrame(scan: Scan, line: string): boolean {
  const rest = line.slice(3);
  const dotNet = rest.lastIndexOf(":line ");
  if (dotNet > 0) {
    const inside = rest.lastIndexOf(" in ", dotNet);
    const path = inside < 0 ? undefined : acceptPath(rest.slice(inside + 4, dotNet));
    const lineNumber = positionNumber(/^\d{1,7}/.exec(rest.slice(dotNet + 6))?.[0]);
    if (path !== undefined && lineNumber !== undefined) {
      add(scan, { path, line: lineNumber }, line, true);
      return true;
    }
  }
  if (scanJavaFrame(scan, line, rest)) return true;
  const close = rest.lastIndexOf(")");
  const open = rest.indexOf(" (");
  if (open >= 0 && close > open) {
    let inside = rest.slice(open + 2, close);
    if (inside.startsWith("eval at ")) {
      const nested = inside.lastIndexOf("(");
      inside = inside.slice(nested + 1, inside.indexOf(")", nested));
    }
    const location = frameLocation(inside);
    if (location !== undefined) add(scan, location, line, true);
    // A frame without a file (native, anonymous, `node:`) is a frame all the same: nothing else is looked for in it.
    return location !== undefined || /^(?:native|<anonymous>|node:|index \d|<anonymous>:)/.test(inside);
  }
  const location = frameLocation(rest.replace(/^async /, ""));
  if (location !== undefined) add(scan, location, line, true);
  return location !== undefined || rest.startsWith("node:");
}

function scanJavaFrame(scan: Scan, line: string, rest: string): boolean {
  const open = rest.indexOf("(");
  const inside = rest.slice(open + 1, open + 250);
  const match = /^([\w$]{1,200}\.(?:java|kt|scala|groovy|clj)):(\d{1,7})\)/.exec(inside);
  if (open <= 0 || rest[open - 1] === " ") return false;
  if (match === null) return /^(?:Native Method|Unknown Source)\)/.test(inside);
  const method = rest.slice(rest.lastIndexOf("/", open) + 1, open);
  const names = method.split(".");
  // The last name is the method, the one before it the class; what is before them is the directory.
  const path = acceptPath([...names.slice(0, -2), match[1] ?? ""].join("/"));
  const lineNumber = positionNumber(match[2]);
  if (path === undefined || lineNumber === undefined) return false;
  const worth = isLibraryClass(method) ? WORTH.dependency : worthOf(path, WORTH.named);
  scan.found.push({ path, line: lineNumber, isFrame: true, context: line, worth });
  return true;
}

/** `File "x.py", line 3, in f` of Python, `in "x.yaml", line 3, column 5` of PyYAML. */
function scanQuotedLine(scan: Scan, line: string): boolean {
  const after = line.indexOf('", line ');
  if (after < 0) return false;
  const quote = line.lastIndexOf('"', after - 1);
  const match = /^(\d{1,7})(?:, column (\d{1,7}))?/.exec(line.slice(after + 8));
  const path = acceptPath(line.slice(quote + 1, after));
  const lineNumber = positionNumber(match?.[1]);
  if (quote < 0 || path === undefined || lineNumber === undefined) return quote >= 0;
  const location = { path, line: lineNumber, column: positionNumber(match?.[2]) };
  if (/\bFile $/.test(line.slice(Math.max(0, quote - 5), quote))) {
    scan.python.push({ ...location, isFrame: true, context: line, worth: worthOf(path, WORTH.named) });
  } else add(scan, location, line, false);
  return true;
}

const nextWord = /[^\s"'`<>|]+/g;
/** `, line 3, column 5`, ` on line 3`, `: line 3:`, `:line 3` behind a path. */
const lineBehind =
  /[\s"'`:,;)]{0,4}(?:on |at )?(?:L|l)ine[ :]{1,2}(\d{1,7})(?:[,;:]? (?:col(?:umn)?|char(?:acter)?)[ :]{1,2}(\d{1,7}))?/y;
/** `: (3, 5)` and ` (3:5)` behind a path, as Kotlin and Vite write it. */
const pairBehind = /\s?\((\d{1,7})[,:] ?(\d{1,7})\)/y;
/** `src/x.ts: SyntaxError: ... (3:5)`. */
const pairAtEnd = /\((\d{1,7}):(\d{1,7})\)$/;

function scanWords(scan: Scan, line: string): void {
  let words = 0;
  let only: Location | undefined;
  let isReadUntil = 0;
  for (const match of line.matchAll(nextWord)) {
    words++;
    if (match.index < isReadUntil) continue;
    const word = match[0];
    const wordEnd = match.index + word.length;
    if (scan.work !== undefined) {
      scan.work.words++;
      scan.work.units += word.length;
    }
    const quoted = quotedText(line, match.index);
    const inQuotes = quoted === undefined ? undefined : wordLocation(quoted);
    if (quoted !== undefined && inQuotes !== undefined) isReadUntil = match.index + quoted.length;
    const location = inQuotes ?? wordLocation(word);
    const end = Math.max(wordEnd, isReadUntil);
    const numbered = location?.line === undefined ? positionBehind(line, end, word, location) : location;
    if (numbered !== undefined) {
      add(scan, numbered, line, false, worthBehind(line, end, word));
    } else if (location !== undefined) {
      only = location;
      addUnnumbered(scan, location, line);
    }
    if (scan.found.length >= mostFound) return;
  }
  if (words === 1 && only !== undefined) scan.block = only.path;
  else if (/^== \[/.test(line) && only !== undefined) scan.block = only.path;
}

function addUnnumbered(scan: Scan, location: Location, line: string): void {
  const place: Mutable<FoundPlace> = {
    ...location,
    isFrame: false,
    context: line,
    worth: worthOf(location.path, WORTH.unnumbered),
  };
  if (scan.withUnnumbered) scan.found.push(place);
  // The first path of a report is what a line number below it belongs to; what follows it is mentioned only.
  const isFree = scan.pending === undefined || scan.lineNumber - scan.pending.lineNumber > followingLines;
  if (isFree) scan.pending = { place, lineNumber: scan.lineNumber, isListed: scan.withUnnumbered };
}

function positionBehind(line: string, end: number, word: string, location: Location | undefined): Location | undefined {
  const path = location?.path ?? fileBefore(line, end, word);
  if (path === undefined) return undefined;
  // The word may have swallowed the start of what is behind the path: `x.cs:line`.
  lineBehind.lastIndex = word.endsWith(":line") ? end - 5 : end;
  let match = lineBehind.exec(line);
  if (match === null) {
    pairBehind.lastIndex = end;
    match = pairBehind.exec(line);
  }
  if (match === null && word.endsWith(":")) match = pairAtEnd.exec(line);
  const lineNumber = positionNumber(match?.[1]);
  return lineNumber === undefined ? undefined : { path, line: lineNumber, column: positionNumber(match?.[2]) };
}

/** A file name without a directory, believed only because " line 3" is behind it: "on main.tf line 12". */
function fileBefore(line: string, end: number, word: string): string | undefined {
  if (!/^[\s"'`:,;)]{0,4}(?:on |at )?[Ll]ine[ :]/.test(line.slice(end, end + 14)) && !word.endsWith(":line"))
    return undefined;
  return wordLocation(`${word.replace(/(?::line|[:,;)])$/, "")}:1`)?.path;
}

/** What is between quotes that open just before `start`, where it looks like a path with spaces in it. */
function quotedText(line: string, start: number): string | undefined {
  const quote = line[start - 1];
  if (quote !== '"' && quote !== "'" && quote !== "`") return undefined;
  const inside = line.slice(start, start + 300);
  const end = inside.indexOf(quote);
  if (end <= 0 || !inside.slice(0, end).includes(" ") || !/^(?:[A-Za-z]:)?[./\\~]/.test(inside)) return undefined;
  return inside.slice(0, end);
}

/** What is said behind the location: `: ValueError` marks where it was raised, `: warning` what only might be wrong. */
function worthBehind(line: string, end: number, word: string): Worth {
  const behind = line.slice(end, end + 60);
  if (word.endsWith(":") && /^ [\w.]{0,40}(?:Error|Exception|Failure)\b/.test(behind)) return WORTH.raised;
  return /^[\s:-]{0,4}(?:\w{1,12}: )?\w{0,40}warning\b/i.test(behind) ? WORTH.warning : WORTH.named;
}
