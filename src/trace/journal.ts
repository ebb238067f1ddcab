// Bytes of a journal -> its sound records, and what is wrong with it. Whatever the damage, every record whose checksum
// holds is found and none is invented, nothing is thrown, and the size of the chunks handed in changes nothing.

import { finish, type Steps } from "../base/steps";
import { type Crc32, crc32 as plainCrc32 } from "./crc32";
import { readFramedLine } from "./framedLine";
import { checkFrame } from "./journalFrame";
import { JournalLog } from "./journalLog";
import type { JournalEntry, JournalReading } from "./journalReading";
import { sortInSteps } from "./sortInSteps";

export interface JournalOptions {
  /** The platform's own CRC-32, where it has one. */
  readonly crc32?: Crc32 | undefined;
}

/** A line that had been taken for the last one, and whole, went on: the journal has to be read from its start. */
export class TailChangedError extends Error {
  override readonly name = "TailChangedError";
}

/** Reads a journal that arrives in pieces, for example while it grows. */
export class JournalReader {
  readonly #crc32: Crc32;
  readonly #log: JournalLog;
  /** Bytes after the last line feed, in the pieces in which they came. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lineStart = 0;
  /** Records about spans up to this number are passed over: somebody has them already. See `skimRecord`. */
  passUpTo = -1;
  /** What `takeTail` took must be followed by this; undefined while nothing was taken. */
  #isAfterTail: "line feed" | "nothing" | undefined;

  /** @param fileName `S.<k>.journal.ndjson`: tells the incarnation where the header does not */
  constructor(fileName: string, options: JournalOptions = {}) {
    this.#crc32 = options.crc32 ?? plainCrc32;
    this.#log = new JournalLog(fileName);
  }

  /** Bytes taken so far. */
  get lengthBytes(): number {
    return this.#lineStart + this.#pendingBytes;
  }

  /** Time that belongs to monotonic time 0, in ms since the epoch; it is known with the first record and stays. */
  get baseMs(): number {
    return this.#log.baseMs;
  }

  /**
   * Takes the next bytes, which it does not keep beyond the call unless they end within a line (then it keeps a copy).
   * Returns the records of the lines that are complete now, in order; a late one has a lower number than those before.
   */
  push(bytes: Uint8Array): JournalEntry[] {
    const entries: JournalEntry[] = [];
    let from = this.#passLineFeed(bytes);
    for (let end = bytes.indexOf(0x0a, from); end >= 0; end = bytes.indexOf(0x0a, from)) {
      const line = bytes.subarray(from, end);
      this.#readLine(this.#pendingBytes === 0 ? line : this.#join(line), this.#log, true, entries);
      this.#lineStart += this.#pendingBytes + line.length + 1;
      this.#pending = [];
      this.#pendingBytes = 0;
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#pending.push(bytes.slice(from));
      this.#pendingBytes += bytes.length - from;
    }
    return entries;
  }

  /**
   * What is known by now. `tail` holds records of a last line without a line feed; they are not forgotten for it, and
   * `push` returns them once the line feed has come.
   */
  result(): { readonly reading: JournalReading; readonly tail: readonly JournalEntry[] } {
    const tail: JournalEntry[] = [];
    const log = this.#log.fork();
    if (this.#pendingBytes > 0) this.#readLine(this.#join(new Uint8Array()), log, false, tail);
    return { reading: log.toReading(this.lengthBytes), tail };
  }

  /**
   * Takes the records of a last line without a line feed for good and returns them: for whoever applies records to what
   * can't be undone. Where that line goes on after all, `push` throws a `TailChangedError`.
   */
  takeTail(): JournalEntry[] {
    const entries: JournalEntry[] = [];
    if (this.#pendingBytes === 0 || this.result().tail.length === 0) return entries;
    const line = this.#join(new Uint8Array());
    this.#isAfterTail = checkFrame(line, 0, line.length, this.#crc32) >= 0 ? "line feed" : "nothing";
    this.#readLine(line, this.#log, false, entries);
    this.#lineStart += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    return entries;
  }

  /** Where the first line of `bytes` begins. */
  #passLineFeed(bytes: Uint8Array): number {
    if (this.#isAfterTail === undefined || bytes.length === 0) return 0;
    if (this.#isAfterTail === "nothing" || bytes[0] !== 0x0a) throw new TailChangedError("The last line has gone on");
    this.#isAfterTail = undefined;
    this.#lineStart++;
    return 1;
  }

  #join(last: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.#pendingBytes + last.length);
    let at = 0;
    for (const piece of this.#pending) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(last, at);
    return line;
  }

  #readLine(line: Uint8Array, log: JournalLog, isTerminated: boolean, into: JournalEntry[]): void {
    readFramedLine(line, this.#lineStart, isTerminated, this.#crc32, {
      addRecord: (bytes, offset, checksum) => log.addRecord(bytes, offset, checksum, into, this.passUpTo),
      addDamage: (bytes, offset, isTail) => log.addDamage(bytes, offset, isTail),
    });
  }
}

export interface ReadJournal extends JournalReading {
  /** Sound records by sequence number, without the header. */
  readonly records: readonly JournalEntry[];
}

/** Reads a whole journal. */
export function readJournal(bytes: Uint8Array, fileName: string, options?: JournalOptions): ReadJournal {
  return finish(readPieces([bytes], fileName, options));
}

/** The same, with pauses in which others can be served. */
export function* readJournalInSteps(bytes: Uint8Array, fileName: string, options?: JournalOptions): Steps<ReadJournal> {
  const count = Math.ceil(bytes.length / bytesPerStep);
  const pieces = Array.from({ length: count }, (_, at) => bytes.subarray(at * bytesPerStep, (at + 1) * bytesPerStep));
  return yield* readPieces(pieces, fileName, options);
}

/** A few milliseconds of reading. */
const bytesPerStep = 256 * 1024;

function* readPieces(
  pieces: readonly Uint8Array[],
  fileName: string,
  options: JournalOptions | undefined,
): Steps<ReadJournal> {
  const reader = new JournalReader(fileName, options);
  const entries: JournalEntry[] = [];
  for (const piece of pieces) {
    for (const entry of reader.push(piece)) entries.push(entry);
    yield;
  }
  const { reading, tail } = reader.result();
  for (const entry of tail) entries.push(entry);
  const isInOrder = entries.every((entry, index) => index === 0 || (entries[index - 1]?.seq ?? -1) < entry.seq);
  yield;
  return { ...reading, records: isInOrder ? entries : yield* inOrder(entries) };
}

function* inOrder(entries: readonly JournalEntry[]): Steps<JournalEntry[]> {
  const order = Int32Array.from(entries.keys());
  const seqAt = (index: number) => entries[index]?.seq ?? 0;
  yield* sortInSteps(order, (a, b) => seqAt(a) - seqAt(b));
  return Array.from(order, (index) => entries[index]).filter((entry) => entry !== undefined);
}
