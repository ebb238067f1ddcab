// Where in a journal of ours each span stands, found in one pass over its bytes and kept as numbers: at most 30 bytes a span,
// however long its texts are. What is not exactly as this recorder writes it is refused, never guessed: the caller then
// reads the journal the slow way, which knows every kind of damage.

import { readFully } from "./fileTasks";
import { LineReader } from "./lineReader";
import type { Io } from "./recorderFs";

/** `,"c": "`, eight digits and `"}`. */
const frameEndBytes = 17;
const blockBytes = 1024 * 1024;
/** Longer journals are read twice rather than held. */
const heldBytes = 32 * 1024 * 1024;
const recordStart = `{ "s":`;
/** Length of the tag of a writer of ours; see `writerTag`. */
const tagBytes = 4;

/** A line that changes a span beyond its beginning and its end; the bytes of the line without its line feed. */
export interface Extent {
  readonly at: number;
  readonly length: number;
}

/** How a span is put together from the journal. */
export type RowForm =
  /** One record holds it whole. */
  | "whole"
  /** It has begun. */
  | "begun"
  /** Its end adds fields to its beginning. */
  | "ended"
  /** More records than that; see `changes`. */
  | "changed";

/** A line that names its span by the id alone: the row was forgotten when it came. */
export interface LateLine extends Extent {
  /** As it stands in the line, without its quotes. */
  readonly id: string;
}

/** So many of them are placed; a journal with more is read the slow way. */
const mostLate = 100_000;

/** In place of the number of replaced bytes: the row is whole. */
const wholeMark = 0xffff;

/** Rows of one piece of an index: pieces are added and never copied. */
const pieceRows = 32_768;

class Piece {
  readonly lineAt = new Float64Array(pieceRows);
  /** Bytes of the line before the object. */
  readonly head = new Uint16Array(pieceRows);
  /** Bytes of the object; 0 where there is none. */
  readonly length = new Uint32Array(pieceRows);
}

/** Where the JSON objects of one kind of record stand: for each row the start of its line and its place within. */
class Places {
  readonly #pieces: (Piece | undefined)[] = [];

  set(row: number, lineAt: number, head: number, length: number): void {
    const number = Math.floor(row / pieceRows);
    let piece = this.#pieces[number];
    if (!piece) {
      piece = new Piece();
      this.#pieces[number] = piece;
    }
    const at = row % pieceRows;
    piece.lineAt[at] = lineAt;
    piece.head[at] = head;
    piece.length[at] = length;
  }

  has(row: number): boolean {
    return this.#length(row) !== 0;
  }

  object(row: number): Extent | undefined {
    const length = this.#length(row);
    const head = this.#pieces[Math.floor(row / pieceRows)]?.head[row % pieceRows] ?? 0;
    return length === 0 ? undefined : { at: this.#lineAt(row) + head, length };
  }

  line(row: number): Extent | undefined {
    const object = this.object(row);
    if (!object) return undefined;
    const at = this.#lineAt(row);
    return { at, length: object.at + object.length + frameEndBytes - at };
  }

  #lineAt(row: number): number {
    return this.#pieces[Math.floor(row / pieceRows)]?.lineAt[row % pieceRows] ?? 0;
  }

  #length(row: number): number {
    return this.#pieces[Math.floor(row / pieceRows)]?.length[row % pieceRows] ?? 0;
  }
}

export class JournalIndex {
  rowCount = 0;
  /** `begin` and `span` records. */
  readonly begins = new Places();
  readonly ends = new Places();
  /** All lines of the spans that have more than a beginning and an end, in order. */
  readonly changes = new Map<number, Extent[]>();
  /** Not yet among the changes; see `placeLateLines`. */
  readonly late: LateLine[] = [];
  readonly #marks: Uint16Array[] = [];

  form(row: number): RowForm {
    if (this.changes.has(row)) return "changed";
    if (this.#mark(row) === wholeMark) return "whole";
    return this.ends.has(row) ? "ended" : "begun";
  }

  /** Bytes before the last brace of a beginning that its end says again. */
  replaced(row: number): number {
    const mark = this.#mark(row);
    return mark === wholeMark ? 0 : mark;
  }

  /** @param replaced see `replaced`; undefined for a span that is whole */
  addRow(lineAt: number, head: number, length: number, replaced: number | undefined): void {
    const row = this.rowCount++;
    this.begins.set(row, lineAt, head, length);
    const mark = replaced ?? wholeMark;
    if (mark === 0) return;
    const number = Math.floor(row / pieceRows);
    let marks = this.#marks[number];
    if (!marks) {
      marks = new Uint16Array(pieceRows);
      this.#marks[number] = marks;
    }
    marks[row % pieceRows] = mark;
  }

  #mark(row: number): number {
    return this.#marks[Math.floor(row / pieceRows)]?.[row % pieceRows] ?? 0;
  }

  /** Notes one more line of a span; those that were only known by their objects go before it. */
  addChange(row: number, line: Extent): void {
    const known = this.changes.get(row);
    if (known) {
      known.push(line);
      return;
    }
    const lines = [this.begins.line(row), this.ends.line(row), line];
    this.changes.set(
      row,
      lines.filter((extent) => extent !== undefined),
    );
  }
}

export interface IndexedJournal {
  readonly index: JournalIndex;
  /** All bytes of the journal, where it is short enough to be held; they need not be read again then. */
  readonly bytes: Buffer | undefined;
}

/**
 * Indexes the first `lengthBytes` of a journal.
 * @returns undefined where anything in it is not as this recorder writes it: damage, gaps, spans of another incarnation
 */
export function* indexJournal(fd: number, lengthBytes: number): Io<IndexedJournal | undefined> {
  const index = new JournalIndex();
  const isHeld = lengthBytes <= heldBytes;
  let block = Buffer.allocUnsafeSlow(isHeld ? lengthBytes : 2 * blockBytes);
  /** Offset in the file of the block's first byte; bytes in it; first byte that is not indexed yet. */
  let base = 0;
  let filled = 0;
  let from = 0;
  let seq = 0;
  while (base + filled < lengthBytes) {
    if (!isHeld && filled + blockBytes > block.length) {
      // A line that is longer than the block makes it grow; else what is left of it moves to the front.
      const next = filled - from > blockBytes ? Buffer.allocUnsafeSlow(block.length * 2) : block;
      block.copy(next, 0, from, filled);
      block = next;
      base += from;
      filled -= from;
      from = 0;
    }
    const wanted = Math.min(blockBytes, block.length - filled, lengthBytes - base - filled);
    const count = yield* readFully(fd, block.subarray(filled, filled + wanted), base + filled);
    if (count < wanted) return undefined;
    const searchFrom = filled;
    filled += count;
    for (let end = block.indexOf(0x0a, searchFrom); end >= 0 && end < filled; end = block.indexOf(0x0a, from)) {
      if (!indexLine(index, block, from, end, base, seq)) return undefined;
      seq++;
      from = end + 1;
    }
  }
  return base + from === lengthBytes ? { index, bytes: isHeld ? block : undefined } : undefined;
}

/** @returns false where the line is not as expected */
function indexLine(
  index: JournalIndex,
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  expectedSeq: number,
): boolean {
  const reader = new LineReader(bytes, start, end - frameEndBytes);
  // Checksums are for bytes that somebody else has kept: these were written by this very process.
  if (!reader.skip(recordStart) || !hasFrameEnd(bytes, end) || reader.number() !== expectedSeq) return false;
  // Numbers hold no `i`, so the first one belongs to the key of the tag.
  const tagKey = bytes.indexOf(0x69, reader.at);
  reader.at = tagKey + 4 + tagBytes;
  if (!reader.skip('","t":"')) return false;
  const type = reader.word();
  if (!reader.skip('"')) return false;
  const line = { at: offset + start, length: end - start };
  switch (type) {
    case "header":
    case "heartbeat":
    case "metadata":
    case "finish":
      return true;
    case "begin":
    case "span": {
      if (!reader.skip(',"n":') || reader.number() !== index.rowCount) return false;
      const replaced = reader.skip(',"r":') ? reader.number() : 0;
      if (!reader.skip(',"span":') || !(replaced < reader.end - reader.at && replaced < wholeMark)) return false;
      index.addRow(line.at, reader.at - start, reader.end - reader.at, type === "span" ? undefined : replaced);
      return reader.isObject();
    }
    case "end": {
      if (!reader.skip(',"n":')) return addLate(index, line, reader);
      const row = reader.number();
      if (!(row < index.rowCount)) return false;
      if (index.changes.has(row) || index.form(row) !== "begun") {
        index.addChange(row, line);
        return true;
      }
      if (!reader.skip(',"id":"') || !reader.passString() || !reader.skip(',"set":')) return false;
      if (reader.at - start > 0xffff) return false;
      index.ends.set(row, line.at, reader.at - start, reader.end - reader.at);
      return reader.isObject();
    }
    case "set":
    case "attributes":
    case "event":
    case "link":
    case "text": {
      if (!reader.skip(',"n":')) return addLate(index, line, reader);
      const row = reader.number();
      if (!(row < index.rowCount)) return false;
      index.addChange(row, line);
      return true;
    }
    case "crash":
    case "waiting":
    case "resumed":
    case "clock-jump":
    case "degraded":
    case "dropped":
    case "process-exit":
      // Events of the root, which is the first span of a session that nothing came before.
      if (index.rowCount === 0) return false;
      index.addChange(0, line);
      return true;
    default:
      return false;
  }
}

function addLate(index: JournalIndex, line: Extent, reader: LineReader): boolean {
  if (!reader.skip(',"id":"') || index.late.length >= mostLate) return false;
  const from = reader.at;
  if (!reader.passString()) return false;
  index.late.push({ ...line, id: reader.text(from, reader.at - 1) });
  return true;
}

function hasFrameEnd(bytes: Buffer, end: number): boolean {
  return bytes[end - 1] === 0x7d && bytes[end - 2] === 0x22 && bytes[end - frameEndBytes] === 0x2c;
}
