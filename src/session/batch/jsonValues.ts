// Where the values of a text of JSON stand: the elements of a list, or values one after the other. It tells places even
// where a value is wrong, so that whoever reads it can name the line. Pure.

export interface ValuePlace {
  /** The value is `text.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
  /** In which it begins, from 1 on. */
  readonly line: number;
}

export interface JsonValues {
  readonly isList: boolean;
  readonly places: readonly ValuePlace[];
}

export function jsonValues(text: string): JsonValues {
  const isList = /^\s*\[/.test(text);
  const places: ValuePlace[] = [];
  let at = isList ? text.indexOf("[") + 1 : 0;
  let line = 1 + lineBreaks(text, 0, at);
  while (at < text.length) {
    const letter = text[at] as string;
    if (letter === "\n") line++;
    if (isSpace(letter) || (isList && letter === ",")) {
      at++;
      continue;
    }
    if (isList && letter === "]") break;
    const end = endOfValue(text, at, isList);
    places.push({ start: at, end, line });
    line += lineBreaks(text, at, end);
    at = end;
  }
  return { isList, places };
}

function endOfValue(text: string, start: number, isInList: boolean): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const letter = text[at] as string;
    if (letter === '"') {
      at = endOfText(text, at);
      if (depth === 0) return at;
      continue;
    }
    const closes = letter === "}" || letter === "]";
    if (closes && depth === 0) return at === start ? at + 1 : at;
    if (letter === "{" || letter === "[") {
      if (depth === 0 && at > start) return at;
      depth++;
    } else if (closes && --depth === 0) return at + 1;
    else if (depth === 0 && (isSpace(letter) || (isInList && letter === ","))) return at;
    at++;
  }
  return at;
}

/** A text ends in its line, so that one that nobody closed does not take the values after it. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}

function lineBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function isSpace(letter: string): boolean {
  return letter === " " || letter === "\t" || letter === "\n" || letter === "\r";
}
