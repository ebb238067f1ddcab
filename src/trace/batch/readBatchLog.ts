// Bytes of a batch's log -> the state of the batch, and what is wrong with the log. Whatever the damage, every record whose
// checksum holds is taken and nothing is thrown. The log may come in pieces, for example while it grows.

import type { Crc32 } from "../crc32";
import { crc32 as plainCrc32 } from "../crc32";
import { FramedLineReader, type FramedLineSink } from "../framedLine";
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

/** A record that is not applied yet. */
interface Arrived {
  readonly record: BatchRecord;
  readonly seq: number;
  readonly offsetBytes: number;
}

const decoder = new TextDecoder();

export class BatchLogReader {
  readonly state: BatchState;
  readonly #fileName: string;
  readonly #lines: FramedLineReader;
  readonly #seqs = new SeqLog();
  readonly #damage: JournalProblems;
  readonly #ofRecords = new ProblemList();

  /** @param fileName `B.batch.ndjson`; tells the id where the first record does not */
  constructor(fileName: string, options: BatchLogOptions = {}) {
    this.#fileName = fileName;
    this.#lines = new FramedLineReader(options.crc32 ?? plainCrc32);
    this.#damage = new JournalProblems(fileName);
    this.state = new BatchState(parseBatchLogName(fileName) ?? fileName);
  }

  /** Bytes taken so far. */
  get lengthBytes(): number {
    return this.#lines.lengthBytes;
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
    const arrived: Arrived[] = [];
    this.#lines.feed(bytes, this.#sinkInto(arrived));
    return this.#apply(arrived);
  }

  /** Takes a last line without a line feed for good. For logs that nobody is just writing to. */
  takeTail(): BatchRecord[] {
    const arrived: Arrived[] = [];
    this.#lines.takeTail(this.#sinkInto(arrived));
    return this.#apply(arrived);
  }

  /** What is known by now; what `takeTail` has not taken of a last line counts as damaged. */
  result(): BatchLogReading {
    const damage = this.#damage.fork();
    const { tail } = this.#lines;
    if (tail.length > 0) damage.addDamage(tail, this.lengthBytes - tail.length, true);
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
    return { state: this.state, problems, isTailOpen: this.#lines.isTailOpen };
  }

  #sinkInto(into: Arrived[]): FramedLineSink {
    return {
      addRecord: (bytes, offset, checksum) => this.#addRecord(bytes, offset, checksum, into),
      addDamage: (bytes, offset, isTail) => this.#damage.addDamage(bytes, offset, isTail),
    };
  }

  #addRecord(bytes: Uint8Array, offsetBytes: number, checksum: number, into: Arrived[]): void {
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
      case "record":
        into.push({ record: parsed.record, seq, offsetBytes });
    }
  }

  /**
   * In the order in which they were first written: after a sync that failed, what was in doubt is written again behind
   * itself, and a power cut may leave the second copy of a record alone.
   */
  #apply(arrived: Arrived[]): BatchRecord[] {
    if (arrived.some(({ seq }, index) => seq < (arrived[index - 1]?.seq ?? seq))) arrived.sort((a, b) => a.seq - b.seq);
    return arrived.map(({ record, offsetBytes }) => {
      const problem = this.state.apply(record);
      // One entry for each sort of record, however many there are.
      if (problem) {
        this.#ofRecords.add({ ...problem, offsetBytes, file: this.#fileName }, `${record.type} ${problem.code}`);
      }
      return record;
    });
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
