// What somebody searches for, and the rules of case and of words. They are the same for traces and outputs, in the
// reader, which finds, and in the panel, which marks what was found.

/** How a text is meant. */
export interface SearchOptions {
  /** Upper and lower case differ; otherwise they do only where the text has an upper-case letter. */
  readonly matchCase: boolean;
  readonly wholeWord: boolean;
  /** The text is a regular expression. */
  readonly regex: boolean;
}

export interface SearchQuery extends SearchOptions {
  readonly text: string;
}

export const plainSearch: SearchOptions = { matchCase: false, wholeWord: false, regex: false };

/** In UTF-16 units. */
export const mostSearchLength = 1_000;

/** Of an expression that a person means as a text there is nothing in this: escapes, names of groups, flags. */
const notText =
  /\\[pPux]\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\.|\(\?P?<\w*>|\(\?[A-Za-z]*(?:-[A-Za-z]+)?[:)]/gsu;

export function isCaseSensitive({ text, matchCase, regex }: SearchQuery): boolean {
  if (matchCase) return true;
  const meant = regex ? text.replace(notText, "") : text;
  return meant !== meant.toLowerCase();
}

export function sameQuery(a: SearchQuery, b: SearchQuery): boolean {
  return a.text === b.text && a.matchCase === b.matchCase && a.wholeWord === b.wholeWord && a.regex === b.regex;
}

/**
 * The text in lower case, as long as it was, so that places in one are places in the other. A sigma is the same at the
 * end of a word and within it.
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  // The only character that gets longer.
  const folded = lower.length === text.length ? lower : text.replaceAll("\u0130", "i").toLowerCase();
  return folded.replaceAll("\u03c2", "\u03c3");
}

const word = /[\p{L}\p{M}\p{N}_]/u;

function isWord(codePoint: number | undefined): boolean {
  if (codePoint === undefined) return false;
  // Most texts are ASCII.
  if (codePoint < 0x80) {
    const lower = codePoint | 0x20;
    return (lower >= 0x61 && lower <= 0x7a) || (codePoint >= 0x30 && codePoint <= 0x39) || codePoint === 0x5f;
  }
  return word.test(String.fromCodePoint(codePoint));
}

function codePointBefore(text: string, at: number): number | undefined {
  if (at <= 0) return undefined;
  const unit = text.charCodeAt(at - 1);
  if (unit < 0xdc00 || unit > 0xdfff || at === 1) return unit;
  const pair = text.codePointAt(at - 2) ?? unit;
  return pair > 0xffff ? pair : unit;
}

/** Whether the characters before and after a place are of one word. */
export function isWithinWord(text: string, at: number): boolean {
  return at > 0 && at < text.length && isWord(codePointBefore(text, at)) && isWord(text.codePointAt(at));
}
