// The change of one file as lines to show: compared line by line, changed words marked, what stayed the same folded. What
// was compared is kept as numbers, and an entry is made when somebody asks for it.

import { diffArrays, diffWordsWithSpace } from "diff";
import type { DiffEntry, DiffView } from "../trace/diffView";
import type { ChangePart, TextChange } from "../trace/editDiff";
import { acceptPath, pathOfUrl } from "../trace/placePath";
import { cutAtCharacter, firstPartLength } from "../trace/textPart";

/** Beyond so many changed lines a comparison takes too long; then all old lines come before all new ones. */
const mostEdits = 1_000;
/** And beyond so many lines that are not alike at the ends. */
const mostCompared = 40_000;
/** Lines around a change that are shown with it, and how many others there must be to be folded. */
const contextLines = 3;
const fewestFolded = 3;
const shownLineLength = 1_000;
const mostWordEdits = 200;
/** Two lines have less than this part in common: marks would cover nearly all of both. */
const leastAlike = 0.3;
/** Entries that are given out at first. */
const firstEntries = 300;

const SAME = 0;
const REMOVED = 1;
const ADDED = 2;
const GAP = 3;

interface Side {
  readonly oldLines: readonly string[];
  readonly newLines: readonly string[];
  /** Number of the first line. */
  readonly oldFirst: number;
  readonly newFirst: number;
}

type Fold = { readonly from: number; readonly to: number };

export class EditRows {
  readonly change: TextChange;
  #isRough = false;
  readonly #isNumbered: boolean;
  readonly #sides: Side[] = [];
  // Of each row: its kind, its side, the index of its line before and after, the row that it replaces or is replaced by.
  // Numbers rather than objects, because a file that was written may have very many lines.
  readonly #kinds: number[] = [];
  readonly #sideOf: number[] = [];
  readonly #oldAt: number[] = [];
  readonly #newAt: number[] = [];
  readonly #pairs: number[] = [];
  /** Rows, and folded runs of them as the rows in which they begin and behind which they end. */
  readonly #shown: (number | Fold)[];

  /** @param firstLine of the file at which the new text stands, where something beside the call says so */
  constructor(change: TextChange, firstLine?: number) {
    this.change = change;
    for (const part of change.parts) {
      if (this.#kinds.length > 0) this.#push(GAP, -1, -1);
      this.#addPart(sideOf(part, change.parts.length === 1 ? firstLine : undefined));
    }
    this.#shown = this.#fold();
    this.#isNumbered = change.parts.length > 0 && (firstLine !== undefined || change.parts.every(isNumbered));
  }

  /** Entries as they are shown. */
  get total(): number {
    return this.#shown.length;
  }

  view(): DiffView {
    const { path, newPath, type } = this.change;
    const count = (kind: number) => this.#kinds.reduce((sum, each) => sum + (each === kind ? 1 : 0), 0);
    return {
      path,
      ...(newPath === undefined ? {} : { newPath }),
      type,
      isLink: acceptPath(pathOfUrl(path.trim()) ?? "") !== undefined,
      isNumbered: this.#isNumbered,
      added: count(ADDED),
      removed: count(REMOVED),
      isRough: this.#isRough,
      entries: this.#first(),
      total: this.#shown.length,
    };
  }

  /** Entries as they are shown, runs of equal lines folded. */
  entries(from: number, count: number): DiffEntry[] {
    return this.#shown.slice(from, from + count).map((item) => {
      if (typeof item === "number") return this.#entry(item);
      return { type: "fold", from: item.from, count: item.to - item.from };
    });
  }

  /** Lines, none of them folded: what a folded run holds. */
  lines(from: number, count: number): DiffEntry[] {
    const lines: DiffEntry[] = [];
    for (let row = from; row < Math.min(this.#kinds.length, from + count); row++) lines.push(this.#entry(row));
    return lines;
  }

  #first(): DiffEntry[] {
    const entries: DiffEntry[] = [];
    let units = 0;
    for (const entry of this.entries(0, firstEntries)) {
      if (units >= firstPartLength) break;
      entries.push(entry);
      units += entry.type === "line" ? entry.text.length : 0;
    }
    return entries;
  }

  #entry(row: number): DiffEntry {
    const side = this.#sides[this.#sideOf[row] ?? -1];
    const kind = this.#kinds[row];
    if (side === undefined || kind === GAP) return { type: "gap" };
    const whole = this.#lineOf(row);
    const text = cutAtCharacter(whole, shownLineLength);
    return {
      type: "line",
      sign: kind === SAME ? "=" : kind === REMOVED ? "-" : "+",
      ...(kind === ADDED ? {} : { oldLine: side.oldFirst + (this.#oldAt[row] ?? 0) }),
      ...(kind === REMOVED ? {} : { newLine: side.newFirst + (this.#newAt[row] ?? 0) }),
      text,
      totalLength: whole.length,
      marks: kind === SAME ? [] : this.#marks(row, whole),
    };
  }

  #lineOf(row: number): string {
    const side = this.#sides[this.#sideOf[row] ?? -1];
    const isNew = this.#kinds[row] === ADDED;
    return (isNew ? side?.newLines[this.#newAt[row] ?? -1] : side?.oldLines[this.#oldAt[row] ?? -1]) ?? "";
  }

  #marks(row: number, whole: string): number[] {
    const pair = this.#pairs[row] ?? -1;
    if (pair < 0) return [];
    const other = this.#lineOf(pair);
    if (whole.length > shownLineLength || other.length > shownLineLength) return [];
    return this.#kinds[row] === REMOVED ? markedWords(whole, other, "removed") : markedWords(other, whole, "added");
  }

  #push(kind: number, oldAt: number, newAt: number, pair = -1): void {
    this.#kinds.push(kind);
    this.#sideOf.push(kind === GAP ? -1 : this.#sides.length - 1);
    this.#oldAt.push(oldAt);
    this.#newAt.push(newAt);
    this.#pairs.push(pair);
  }

  #addPart(side: Side): void {
    const { oldLines, newLines } = side;
    this.#sides.push(side);
    const most = Math.min(oldLines.length, newLines.length);
    let head = 0;
    while (head < most && oldLines[head] === newLines[head]) head++;
    let tail = 0;
    while (tail < most - head && oldLines.at(-1 - tail) === newLines.at(-1 - tail)) tail++;
    for (let at = 0; at < head; at++) this.#push(SAME, at, at);
    this.#addMiddle(side, head, oldLines.length - tail, newLines.length - tail);
    for (let left = tail; left > 0; left--) this.#push(SAME, oldLines.length - left, newLines.length - left);
  }

  #addMiddle(side: Side, from: number, oldTo: number, newTo: number): void {
    const { oldLines, newLines } = side;
    const isSmall = oldTo + newTo - 2 * from <= mostCompared;
    const compared =
      from === oldTo || from === newTo || !isSmall
        ? undefined
        : diffArrays(oldLines.slice(from, oldTo), newLines.slice(from, newTo), { maxEditLength: mostEdits });
    if (compared === undefined) {
      if (from < oldTo && from < newTo) this.#isRough = true;
      this.#addChanged(from, oldTo, from, newTo, !this.#isRough);
      return;
    }
    let oldAt = from;
    let newAt = from;
    let removed = 0;
    let added = 0;
    const close = () => {
      this.#addChanged(oldAt, oldAt + removed, newAt, newAt + added, true);
      oldAt += removed;
      newAt += added;
      removed = 0;
      added = 0;
    };
    for (const { value, added: isAdded, removed: isRemoved } of compared) {
      if (isRemoved) removed += value.length;
      else if (isAdded) added += value.length;
      else {
        close();
        for (let step = 0; step < value.length; step++) this.#push(SAME, oldAt++, newAt++);
      }
    }
    close();
  }

  #addChanged(oldFrom: number, oldTo: number, newFrom: number, newTo: number, hasPairs: boolean): void {
    const removed = oldTo - oldFrom;
    const added = newTo - newFrom;
    const paired = hasPairs ? Math.min(removed, added) : 0;
    for (let at = 0; at < removed; at++) {
      this.#push(REMOVED, oldFrom + at, -1, at < paired ? this.#kinds.length + removed : -1);
    }
    for (let at = 0; at < added; at++) {
      this.#push(ADDED, -1, newFrom + at, at < paired ? this.#kinds.length - removed : -1);
    }
  }

  #fold(): (number | Fold)[] {
    const shown: (number | Fold)[] = [];
    const isChange = (at: number) => this.#kinds[at] === REMOVED || this.#kinds[at] === ADDED;
    for (let at = 0; at < this.#kinds.length; ) {
      if (this.#kinds[at] !== SAME) {
        shown.push(at++);
        continue;
      }
      let end = at;
      while (this.#kinds[end] === SAME) end++;
      const from = isChange(at - 1) ? Math.min(end, at + contextLines) : at;
      const to = isChange(end) ? Math.max(from, end - contextLines) : end;
      const isFolded = to - from >= fewestFolded;
      for (; at < (isFolded ? from : end); at++) shown.push(at);
      if (!isFolded) continue;
      shown.push({ from, to });
      for (at = to; at < end; at++) shown.push(at);
    }
    return shown;
  }
}

function isNumbered({ oldText, newText, oldLine, newLine }: ChangePart): boolean {
  return (oldText === "" || oldLine !== undefined) && (newText === "" || newLine !== undefined);
}

function sideOf({ oldText, newText, oldLine, newLine }: ChangePart, firstLine: number | undefined): Side {
  return {
    oldLines: linesOf(oldText),
    newLines: linesOf(newText),
    oldFirst: oldLine ?? firstLine ?? 1,
    newFirst: newLine ?? firstLine ?? 1,
  };
}

/** A missing line end at the end of one text alone is no change worth showing. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Pairs of places between which the words of one side differ; none where the lines have too little in common. */
function markedWords(oldLine: string, newLine: string, wanted: "removed" | "added"): number[] {
  const parts = diffWordsWithSpace(oldLine, newLine, { maxEditLength: mostWordEdits });
  if (parts === undefined) return [];
  const marks: number[] = [];
  let at = 0;
  let alike = 0;
  for (const { value, added, removed } of parts) {
    const isMine = wanted === "added" ? added : removed;
    if (added !== true && removed !== true) alike += value.trim().length;
    else if (!isMine) continue;
    else if (marks.length > 0 && oldOrNew(oldLine, newLine, wanted).slice(marks.at(-1), at).trim() === "") {
      // Two marks with nothing but a space between them are one.
      marks[marks.length - 1] = at + value.length;
    } else marks.push(at, at + value.length);
    at += value.length;
  }
  return alike >= leastAlike * Math.max(oldLine.trim().length, newLine.trim().length) ? marks : [];
}

function oldOrNew(oldLine: string, newLine: string, wanted: "removed" | "added"): string {
  return wanted === "added" ? newLine : oldLine;
}
