// One word or one location of a text read as `path:line:column` in its many spellings. Written as hand-made scans from
// one end, each character looked at a fixed number of times: no text can make it slow.

import { acceptPath, isRuntimeName, type Location, looksLikeFile, pathOfUrl, positionNumber } from "./placePath";

/** A location that fills a whole text, as in a stack frame: `path:line:column`, `path:line`; the path may have spaces. */
export function frameLocation(text: string): Location | undefined {
  const last = numberBefore(text, text.length);
  if (last === undefined) return undefined;
  const first = numberBefore(text, last.start);
  const pathEnd = first?.start ?? last.start;
  const raw = text.slice(0, pathEnd);
  const path = pathOfUrl(withoutCaller(raw));
  const accepted = path === undefined ? undefined : acceptPath(path);
  if (accepted === undefined) return undefined;
  if (!/[/\\]/.test(accepted) && !looksLikeFile(accepted, true)) return undefined;
  const line = positionNumber((first ?? last).value);
  if (line === undefined) return undefined;
  return { path: accepted, line, column: first === undefined ? undefined : positionNumber(last.value) };
}

/** One word of a text: `src/x.ts:3:5`, `x.ts(3,5)`, `src/x.ts#L3`, `tests/x.py::test_a`, `src/x.ts`. */
export function wordLocation(word: string): Location | undefined {
  const trimmed = trimWord(word);
  if (trimmed === "" || !/[./\\:]/.test(trimmed) || isRuntimeName(trimmed)) return undefined;
  if (trimmed.includes("://")) {
    const stripped = withoutCaller(trimmed);
    return frameLocation(stripped.replace(/:$/, "")) ?? urlWithoutLine(stripped);
  }
  const numbered =
    colonLocation(trimmed) ?? parenLocation(trimmed) ?? bracketLocation(trimmed) ?? hashLocation(trimmed);
  if (numbered !== undefined) return numbered;
  const testName = trimmed.indexOf("::");
  const path = bareWord(testName > 0 ? trimmed.slice(0, testName) : withoutEnd(trimmed, "):"));
  return path !== undefined && looksLikeFile(path, false) ? { path } : undefined;
}

/** `:123` that ends at `end`: its value and where its colon stands. */
function numberBefore(text: string, end: number): { readonly value: string; readonly start: number } | undefined {
  let start = end;
  while (start > 0 && end - start < 8 && isDigit(text.charCodeAt(start - 1))) start--;
  if (start === end || text.charCodeAt(start - 1) !== 0x3a) return undefined;
  return { value: text.slice(start, end), start: start - 1 };
}

function colonLocation(word: string): Location | undefined {
  // The colon behind a drive letter is part of the path, wherever the drive stands.
  for (let colon = word.indexOf(":"); colon > 0; colon = word.indexOf(":", colon + 1)) {
    const lineEnd = digitsEnd(word, colon + 1);
    if (lineEnd === colon + 1 || continuesWord(word, lineEnd)) continue;
    const path = bareWord(word.slice(0, colon));
    if (path === undefined || !looksLikeFile(path, true)) return undefined;
    const line = positionNumber(word.slice(colon + 1, lineEnd));
    if (line === undefined) return undefined;
    let column: number | undefined;
    if (word.charCodeAt(lineEnd) === 0x3a) {
      const columnEnd = digitsEnd(word, lineEnd + 1);
      if (!continuesWord(word, columnEnd)) column = positionNumber(word.slice(lineEnd + 1, columnEnd) || undefined);
    }
    return { path, line, column };
  }
  return undefined;
}

/** `x.ts(3,5)`, `x.ts(3)` of compilers and of PHP. */
function parenLocation(word: string): Location | undefined {
  for (let open = word.indexOf("("); open > 0; open = word.indexOf("(", open + 1)) {
    const lineEnd = digitsEnd(word, open + 1);
    if (lineEnd === open + 1) continue;
    const hasColumn = word[lineEnd] === ",";
    const columnEnd = hasColumn ? digitsEnd(word, lineEnd + 1) : lineEnd;
    if (word[columnEnd] !== ")" && columnEnd !== word.length) continue;
    const path = bareWord(word.slice(0, open));
    const line = positionNumber(word.slice(open + 1, lineEnd));
    if (path === undefined || line === undefined || !looksLikeFile(path, true)) return undefined;
    return { path, line, column: hasColumn ? positionNumber(word.slice(lineEnd + 1, columnEnd)) : undefined };
  }
  return undefined;
}

/** `App.java:[12,5]` of Maven. */
function bracketLocation(word: string): Location | undefined {
  const match = /:\[(\d{1,7}),(\d{1,7})\]$/.exec(word);
  const line = positionNumber(match?.[1]);
  const path = match === null ? undefined : bareWord(word.slice(0, match.index));
  if (match === null || path === undefined || line === undefined || !looksLikeFile(path, true)) return undefined;
  return { path, line, column: positionNumber(match[2]) };
}

function hashLocation(word: string): Location | undefined {
  const hash = word.indexOf("#L");
  if (hash <= 0) return undefined;
  const path = bareWord(word.slice(0, hash));
  const line = positionNumber(word.slice(hash + 2, digitsEnd(word, hash + 2)) || undefined);
  return path === undefined || line === undefined || !looksLikeFile(path, true) ? undefined : { path, line };
}

function urlWithoutLine(word: string): Location | undefined {
  if (!word.startsWith("file:")) return undefined;
  const path = pathOfUrl(word);
  const accepted = path === undefined ? undefined : acceptPath(path);
  return accepted !== undefined && looksLikeFile(accepted, false) ? { path: accepted } : undefined;
}

/** The path of a word without what is glued before it: `ERROR:src/x.ts`, `--file=src/x.ts`, `(src/x.ts`. */
function bareWord(word: string): string | undefined {
  let path = word;
  const equals = path.lastIndexOf("=");
  if (equals >= 0) path = path.slice(equals + 1);
  const colon = path.lastIndexOf(":");
  if (colon >= 0) {
    const isDrive =
      /^[/\\]/.test(path.slice(colon + 1)) &&
      /(?:^|[^A-Za-z])[A-Za-z]$/.test(path.slice(Math.max(0, colon - 2), colon));
    path = path.slice(isDrive ? colon - 1 : colon + 1);
  }
  const open = path.lastIndexOf("(");
  if (open >= 0 && !/[/\\]/.test(path.slice(0, open))) path = path.slice(open + 1);
  // A network path is not made harmless by what was glued to it.
  return acceptPath(withoutOpenBrackets(path));
}

/** `(src/x.ts` without its bracket; `(shop)/x.ts` and `[id].ts` as they are. */
function withoutOpenBrackets(path: string): string {
  let start = 0;
  while (start < path.length && "([{".includes(path[start] ?? "")) start++;
  if (start === 0) return path;
  const separator = path.search(/[/\\]/);
  return /[)\]}]/.test(separator < 0 ? path : path.slice(0, separator)) ? path : path.slice(start);
}

function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

/** `render@http://...` of Firefox and Safari. */
function withoutCaller(text: string): string {
  const scheme = text.indexOf("://");
  const at = scheme < 0 ? -1 : text.lastIndexOf("@", scheme);
  return at < 0 ? text : text.slice(at + 1);
}

const wrappers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The word without the punctuation of the sentence around it; brackets that are part of a path stay. */
function trimWord(word: string): string {
  let start = 0;
  let end = word.length;
  while (start < end && ",;:*•→❯>●✗×✘✖-".includes(word[start] ?? "")) start++;
  while (end > start && ",;.!?".includes(word[end - 1] ?? "")) end--;
  for (let depth = 0; depth < 4; depth++) {
    const close = wrappers[word[start] ?? ""];
    if (close === undefined) break;
    const isClosed = word[end - 1] === close;
    if (!isClosed && word.indexOf(close, start) >= 0 && word.indexOf(close, start) < end) break;
    start++;
    if (isClosed) end--;
  }
  const inner = word.slice(start, end);
  return inner.endsWith(")") && !inner.includes("(") ? inner.slice(0, -1) : inner;
}

function digitsEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && end - start < 8 && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** After the digits of a line number: a letter, a digit or a slash means that they were no line number. */
function continuesWord(text: string, index: number): boolean {
  return /^[A-Za-z0-9_/\\%]/.test(text.slice(index, index + 1));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
