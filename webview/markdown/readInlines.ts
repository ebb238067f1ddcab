// The words of a block of Markdown: emphasis, code, links. Each character is looked at a bounded number of times, whatever
// the text is: what opens without a match is found not to match once, not once for each that could close it.

import type { MarkdownInline } from "./markdownNode";

/** UTF-16 units of an address; what is longer is no link. */
const longestAddress = 1_000;
/** Emphasis within emphasis that no person writes, and brackets within brackets. */
const deepest = 24;
const mostBrackets = 200;
/** Parentheses within an address. */
const mostParens = 32;

type Span = "strong" | "emphasis" | "deleted";

/** What was read, in a list from which emphasis and links take what they hold. */
interface Piece {
  value: MarkdownInline;
  /** Levels of emphasis and links in it. */
  depth: number;
  previous: Piece | undefined;
  next: Piece | undefined;
}

interface Run {
  readonly letter: "*" | "_" | "~";
  left: number;
  readonly length: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  readonly piece: Piece;
}

interface Bracket {
  readonly piece: Piece;
  readonly isImage: boolean;
  /** Place in the source behind the bracket. */
  readonly from: number;
  /** How many runs stood before it. */
  readonly runs: number;
  isActive: boolean;
}

export function readInlines(source: string): MarkdownInline[] {
  return new InlineReader(source).read();
}

const plainText = /[^\\`*_~[\]!<&\n hw]+/y;
const bareAddress = /(?:https?:\/\/|www\.)[^\s<>"'`{}|\\^]{1,1000}/iy;
const angleAddress = /<([a-z][a-z0-9+.-]{1,31}:[^\s<>]{1,1000}|[\w.+-]{1,64}@[\w.-]{1,255})>/iy;
const entity = /&(amp|lt|gt|quot|nbsp|#39|apos);/y;
const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#39": "'",
  nbsp: "\u00a0",
};

class InlineReader {
  readonly #source: string;
  #at = 0;
  readonly #first: Piece = { value: "", depth: 0, previous: undefined, next: undefined };
  #last = this.#first;
  readonly #runs: Run[] = [];
  readonly #brackets: Bracket[] = [];
  readonly #ticks: TickRuns;

  constructor(source: string) {
    this.#source = source;
    this.#ticks = new TickRuns(source);
  }

  read(): MarkdownInline[] {
    const source = this.#source;
    while (this.#at < source.length) {
      const unit = source[this.#at] ?? "";
      if (!this.#special(unit)) this.#text(unit, 1);
    }
    this.#emphasize(0);
    return collected(this.#first.next, undefined).inlines;
  }

  /** True where something was read that begins with this character. */
  #special(unit: string): boolean {
    switch (unit) {
      case "\\":
        return this.#escape();
      case "`":
        return this.#code();
      case "*":
      case "_":
      case "~":
        return this.#delimiters(unit);
      case "[":
        return this.#open(1, false);
      case "!":
        return this.#source[this.#at + 1] === "[" && this.#open(2, true);
      case "]":
        return this.#close();
      case "<":
        return this.#angle();
      case "&":
        return this.#match(entity, (found) => entities[found[1] ?? ""] ?? found[0]);
      case "\n":
        return this.#lineEnd();
      case " ":
        return this.#spaces();
      case "h":
      case "w":
        return this.#address();
      default:
        return this.#match(plainText, (found) => found[0]);
    }
  }

  #push(value: MarkdownInline, depth = 0): Piece {
    const piece: Piece = { value, depth, previous: this.#last, next: undefined };
    this.#last.next = piece;
    this.#last = piece;
    return piece;
  }

  #text(value: string, length: number): true {
    this.#push(value);
    this.#at += length;
    return true;
  }

  #match(pattern: RegExp, make: (found: RegExpExecArray) => MarkdownInline): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found === null) return false;
    this.#push(make(found));
    this.#at += found[0].length;
    return true;
  }

  #escape(): boolean {
    const next = this.#source[this.#at + 1] ?? "";
    if (next === "\n") {
      this.#push({ type: "break" });
      this.#at += 2;
      return true;
    }
    return /[!-/:-@[-`{-~]/.test(next) && this.#text(next, 2);
  }

  #code(): boolean {
    const source = this.#source;
    let length = 1;
    while (source[this.#at + length] === "`") length++;
    const close = this.#ticks.after(this.#at, length);
    if (close === undefined) return this.#text("`".repeat(length), length);
    const inner = source.slice(this.#at + length, close).replaceAll("\n", " ");
    const hasSpaces = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
    this.#push({ type: "code", text: hasSpaces ? inner.slice(1, -1) : inner });
    this.#at = close + length;
    return true;
  }

  #angle(): boolean {
    return this.#match(angleAddress, ([, address = ""]) => ({ type: "link", href: address, inlines: [address] }));
  }

  /** `https://…` and `www.…` that stand in the text, without the punctuation of its sentence. */
  #address(): boolean {
    const before = this.#source[this.#at - 1] ?? " ";
    if (/[\w/]/.test(before)) return false;
    bareAddress.lastIndex = this.#at;
    const found = bareAddress.exec(this.#source)?.[0];
    if (found === undefined || found.length > longestAddress) return false;
    const address = withoutSentence(found);
    if (!/^(?:https?:\/\/|www\.)\w/i.test(address)) return false;
    this.#push({ type: "link", href: address, inlines: [address] });
    this.#at += address.length;
    return true;
  }

  #lineEnd(): boolean {
    return this.#text("\n", 1);
  }

  /** Two or more at the end of a line break it. */
  #spaces(): boolean {
    let end = this.#at;
    while (this.#source[end] === " ") end++;
    const length = end - this.#at;
    if (this.#source[end] !== "\n" || length < 2) return this.#text(" ".repeat(length), length);
    this.#push({ type: "break" });
    this.#at = end + 1;
    return true;
  }

  #delimiters(letter: "*" | "_" | "~"): boolean {
    const source = this.#source;
    let length = 1;
    while (source[this.#at + length] === letter) length++;
    const before = source[this.#at - 1] ?? " ";
    const after = source[this.#at + length] ?? " ";
    const opensWord = !isSpace(after) && (!isMark(after) || isSpace(before) || isMark(before));
    const closesWord = !isSpace(before) && (!isMark(before) || isSpace(after) || isMark(after));
    const isInWord = opensWord && closesWord;
    const canOpen = letter === "_" ? opensWord && (!isInWord || isMark(before)) : opensWord;
    const canClose = letter === "_" ? closesWord && (!isInWord || isMark(after)) : closesWord;
    const isKnown = letter !== "~" || length === 1 || length === 2;
    this.#text(letter.repeat(length), length);
    if (isKnown) this.#runs.push({ letter, left: length, length, canOpen, canClose, piece: this.#last });
    return true;
  }

  #open(length: number, isImage: boolean): boolean {
    const from = this.#at + length;
    this.#text(isImage ? "![" : "[", length);
    if (this.#brackets.length < mostBrackets) {
      this.#brackets.push({ piece: this.#last, isImage, from, runs: this.#runs.length, isActive: true });
    }
    return true;
  }

  #close(): boolean {
    const bracket = this.#brackets.pop();
    const link = bracket?.isActive === true ? this.#addressBehind(this.#at + 1) : undefined;
    if (bracket === undefined || link === undefined) return this.#text("]", 1);
    this.#emphasize(bracket.runs);
    const { inlines, depth } = collected(bracket.piece.next, undefined);
    this.#last = bracket.piece;
    this.#last.next = undefined;
    if (bracket.isImage) {
      const raw = this.#source.slice(bracket.from - 2, link.end);
      this.#last.value = { type: "image", href: link.href, raw };
    } else {
      this.#last.value = { type: "link", href: link.href, inlines };
      this.#last.depth = depth + 1;
      // A link holds no link.
      for (const outer of this.#brackets) if (!outer.isImage) outer.isActive = false;
    }
    this.#at = link.end;
    return true;
  }

  /** `(address "title")`. */
  #addressBehind(from: number): { readonly href: string; readonly end: number } | undefined {
    const source = this.#source;
    if (source[from] !== "(") return undefined;
    const part = source.slice(from + 1, from + 1 + longestAddress);
    const angle = /^\s{0,9}<([^<>\n]*)>/.exec(part);
    let end = angle?.[0].length ?? /^\s{0,9}/.exec(part)?.[0].length ?? 0;
    const start = end;
    if (angle === null) {
      let depth = 0;
      for (; end < part.length && !isSpace(part[end] ?? ""); end++) {
        const unit = part[end];
        if (unit === "\\") end++;
        else if (unit === "(" && ++depth > mostParens) return undefined;
        else if (unit === ")" && --depth < 0) break;
      }
      if (depth > 0) return undefined;
    }
    const title = /^(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s{0,9}\)/.exec(part.slice(end));
    if (title === null) return undefined;
    const href = (angle?.[1] ?? part.slice(start, end)).replace(/\\([!-/:-@[-`{-~])/g, "$1");
    return { href, end: from + 1 + end + title[0].length };
  }

  /**
   * Pairs the runs from number `first` on. For each letter it is remembered below which run no opener is left, so that
   * no run is searched through twice in vain.
   */
  #emphasize(first: number): void {
    const runs = this.#runs.splice(first);
    /** Runs that may open, in order. */
    const openers: Run[] = [];
    const floors = new Map<string, number>();
    for (const run of runs) {
      while (run.canClose && run.left > 0) {
        const kind = `${run.letter}${run.canOpen ? "b" : "c"}${run.length % 3}`;
        const floor = Math.min(floors.get(kind) ?? 0, openers.length);
        let index = openers.length - 1;
        while (index >= floor && !matches(openers[index], run)) index--;
        const opener = index >= floor ? openers[index] : undefined;
        if (opener === undefined) {
          floors.set(kind, openers.length);
          break;
        }
        // What was opened in between is closed by nothing.
        openers.length = index + 1;
        if (!wrap(opener, run)) break;
        if (opener.left === 0) openers.pop();
      }
      if (run.canOpen && run.left > 0) openers.push(run);
    }
  }
}

/** Takes what stands between two runs into emphasis; false where that is too deep to be drawn. */
function wrap(opener: Run, closer: Run): boolean {
  const isDouble = opener.left >= 2 && closer.left >= 2;
  const used = opener.letter === "~" ? opener.left : isDouble ? 2 : 1;
  const type: Span = opener.letter === "~" ? "deleted" : isDouble ? "strong" : "emphasis";
  const { inlines, depth } = collected(opener.piece.next, closer.piece);
  const isTooDeep = depth >= deepest;
  const piece: Piece = {
    value: isTooDeep ? "" : { type, inlines },
    depth: depth + 1,
    previous: opener.piece,
    next: closer.piece,
  };
  if (isTooDeep) return false;
  opener.piece.next = piece;
  closer.piece.previous = piece;
  for (const run of [opener, closer]) {
    run.left -= used;
    run.piece.value = run.letter.repeat(run.left);
  }
  return true;
}

/** What stands from one piece up to another, texts beside each other as one. */
function collected(from: Piece | undefined, to: Piece | undefined): { inlines: MarkdownInline[]; depth: number } {
  const inlines: MarkdownInline[] = [];
  let words = "";
  let depth = 0;
  const flush = () => {
    if (words !== "") inlines.push(words);
    words = "";
  };
  for (let piece = from; piece !== undefined && piece !== to; piece = piece.next) {
    depth = Math.max(depth, piece.depth);
    if (typeof piece.value === "string") words += piece.value;
    else {
      flush();
      inlines.push(piece.value);
    }
  }
  flush();
  return { inlines, depth };
}

/** A closer that could also open does not match an opener where their lengths make a multiple of three, but for two such. */
function matches(opener: Run | undefined, closer: Run): boolean {
  if (opener === undefined || opener.letter !== closer.letter) return false;
  if (opener.letter === "~") return opener.left === closer.left;
  const isOdd = opener.canClose || closer.canOpen;
  const sum = opener.length + closer.length;
  return !(isOdd && sum % 3 === 0 && (opener.length % 3 !== 0 || closer.length % 3 !== 0));
}

/** Where the runs of backticks stand, by their length. */
class TickRuns {
  readonly #places = new Map<number, { readonly all: number[]; next: number }>();

  constructor(source: string) {
    for (const { 0: run, index } of source.matchAll(/`+/g)) {
      const places = this.#places.get(run.length);
      if (places === undefined) this.#places.set(run.length, { all: [index], next: 0 });
      else places.all.push(index);
    }
  }

  /** The first run of this length behind a place; places that are asked for only grow. */
  after(place: number, length: number): number | undefined {
    const places = this.#places.get(length);
    if (places === undefined) return undefined;
    while ((places.all[places.next] ?? Number.POSITIVE_INFINITY) <= place) places.next++;
    return places.all[places.next];
  }
}

function withoutSentence(address: string): string {
  let end = address.length;
  let open = address.split("(").length - address.split(")").length;
  while (end > 0) {
    const last = address[end - 1] ?? "";
    if (last === ")" && open < 0) open++;
    else if (!".,;:!?*_~".includes(last)) break;
    end--;
  }
  return address.slice(0, end);
}

function isSpace(unit: string): boolean {
  return unit === "" || /\s/.test(unit);
}

function isMark(unit: string): boolean {
  return /[\p{P}\p{S}]/u.test(unit);
}
