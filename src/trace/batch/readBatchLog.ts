// Bytes of a batch's log -> the state of the batch, and what is wrong with the log. Whatever the damage, every record whose
// checksum holds is taken and nothing is thrown. The log may come in pieces, for example while it grows.

import type { Crc32 } from "../crc32";
import { crc32 as plainCrc32 } from "../crc32";
import { readFramedLine } from "../framedLine";
import { JournalProblems } from "../journalProblems";
import type { Problem } from "../problem";
import { ProblemList } from "../problemList";
import { SeqLog } from "../seqLog";
import { parseBatchLogName } from "./batchIds";
import { type BatchRecord, parseBatchRecord } from "./batchRecord";
import { BatchState } from "./batchState";

export interface BatchLogOptions {
  /** The platform's own CRC-32, where it has one. */
  readonly crc32?: Crc32 | undefined;
}

export interface BatchLogReading {
  readonly state: BatchState;
  readonly problems: readonly Problem[];
  /** The log does not end with a line feed: what is appended next needs one before it. */
  readonly isTailOpen: boolean;
}

const decoder = new TextDecoder();
const lineFeed = 0x0a;

export class BatchLogReader {
  readonly state: BatchState;
  readonly #fileName: string;
  readonly #crc32: Crc32;
  readonly #seqs = new SeqLog();
  readonly #damage: JournalProblems;
  readonly #ofRecords = new ProblemList();
  /** Bytes after the last line feed, in the pieces in which they came. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lineStart = 0;
  /** A last line without a line feed was taken; the line feed may still come. */
  #isTailTaken = false;

  /** @param fileName `B.batch.ndjson`; tells the id where the first record does not */
  constructor(fileName: string, options: BatchLogOptions = {}) {
    this.#fileName = fileName;
    this.#crc32 = options.crc32 ?? plainCrc32;
    this.#damage = new JournalProblems(fileName);
    this.state = new BatchState(parseBatchLogName(fileName) ?? fileName);
  }

  /** Bytes taken so far. */
  get lengthBytes(): number {
    return this.#lineStart + this.#pendingBytes;
  }

  /** The highest sequence number of a record so far, -1 for none. */
  get lastSeq(): number {
    return this.#seqs.lastSeq;
  }

  /**
   * Takes the next bytes, of which it keeps nothing but a copy of an unfinished last line. Returns the records of the lines
   * that are complete now, which have been applied to the state.
   */
  feed(bytes: Uint8Array): BatchRecord[] {
    const records: BatchRecord[] = [];
    let from = 0;
    if (this.#isTailTaken && bytes.length > 0) {
      this.#isTailTaken = false;
      if (bytes[0] === lineFeed) {
        from = 1;
        this.#lineStart++;
      }
    }
    for (let end = bytes.indexOf(lineFeed, from); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      const line = bytes.subarray(from, end);
      this.#readLine(this.#pendingBytes === 0 ? line : this.#join(line), true, records);
      this.#lineStart += this.#pendingBytes + line.length + 1;
      this.#pending = [];
      this.#pendingBytes = 0;
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#pending.push(bytes.slice(from));
      this.#pendingBytes += bytes.length - from;
    }
    return records;
  }

  /** Takes a last line without a line feed for good. For logs that nobody is just writing to. */
  takeTail(): BatchRecord[] {
    const records: BatchRecord[] = [];
    if (this.#pendingBytes === 0) return records;
    this.#readLine(this.#join(new Uint8Array()), false, records);
    this.#lineStart += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#isTailTaken = true;
    return records;
  }

  /** What is known by now; what `takeTail` has not taken of a last line counts as damaged. */
  result(): BatchLogReading {
    const damage = this.#damage.fork();
    if (this.#pendingBytes > 0) damage.addDamage(this.#join(new Uint8Array()), this.#lineStart, true);
    const problems = [...damage.toArray(this.lengthBytes, false, this.#seqs.missing), ...this.#ofRecords.toArray()];
    if (this.lengthBytes > 0 && this.state.created === undefined) {
      problems.push({
        code: "journal-record",
        severity: "error",
        message: "The first record of the batch is missing or damaged, so that nobody knows how many runs it has",
        offsetBytes: 0,
        file: this.#fileName,
      });
    }
    problems.sort((one, other) => (one.offsetBytes ?? 0) - (other.offsetBytes ?? 0));
    return { state: this.state, problems, isTailOpen: this.#pendingBytes > 0 || this.#isTailTaken };
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

  #readLine(line: Uint8Array, isTerminated: boolean, into: BatchRecord[]): void {
    readFramedLine(line, this.#lineStart, isTerminated, this.#crc32, {
      addRecord: (bytes, offset, checksum) => this.#addRecord(bytes, offset, checksum, into),
      addDamage: (bytes, offset, isTail) => this.#damage.addDamage(bytes, offset, isTail),
    });
  }

  #addRecord(bytes: Uint8Array, offsetBytes: number, checksum: number, into: BatchRecord[]): void {
    this.#damage.endRegion();
    const value = parse(bytes);
    const seq = value?.["s"];
    if (value === undefined || typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) {
      this.#damage.addNote("error", "A record has a sound checksum, but is none", offsetBytes);
      return;
    }
    const arrival = this.#seqs.add(seq, checksum, offsetBytes);
    if (arrival === "duplicate") return this.#damage.addDuplicate(offsetBytes);
    if (arrival === "conflict") return this.#damage.addSecondWriter(offsetBytes);
    const parsed = parseBatchRecord(value);
    switch (parsed.type) {
      case "unknown":
        return this.#damage.addUnknownType(parsed.name, offsetBytes);
      case "unsound":
        return this.#damage.addNote("error", parsed.message, offsetBytes);
      case "record": {
        const problem = this.state.apply(parsed.record);
        // One entry for each sort of record, however many there are.
        if (problem) {
          this.#ofRecords.add(
            { ...problem, offsetBytes, file: this.#fileName },
            `${parsed.record.type} ${problem.code}`,
          );
        }
        into.push(parsed.record);
      }
    }
  }
}

/** Reads a whole log that nobody is just writing to. */
export function readBatchLog(bytes: Uint8Array, fileName: string, options?: BatchLogOptions): BatchLogReading {
  const reader = new BatchLogReader(fileName, options);
  reader.feed(bytes);
  reader.takeTail();
  return reader.result();
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(decoder.decode(bytes)) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
